"""Statements, and closing the books."""

from django.contrib import messages
from django.db.models import Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from marketplace.settlement import actions as settlement
from marketplace.settlement import answers, corrections, queries, tables, wording
from marketplace.settlement.forms import AdjustmentForm, DisputeForm, ReleaseForm, ResolveForm, TermsForm
from marketplace.settlement.models import Statement
from marketplace.settlement.papers import adjustment_paper as paper_of
from marketplace.settlement.papers import statement_paper
from portal.accounts.permissions import ALL, can, organization_ids
from portal.accounts.scoping import require, require_action
from portal.approvals.models import Approval
from portal.lists import actions as lists
from portal.papers import actions as papers
from portal.shell.exceptions import Refusal
from portal.shell.money import to_yuan
from portal.shell.responses import paper_response, workbook_response
from portal.shell.screens import RecordScreen, show
from portal.shell.workbooks import workbook


@require("statements.view")
def listing(request):
    """Closed statements, and what is earned but not yet settled."""
    ids = organization_ids(request.user, "statements.view")
    pending = queries.unsettled()
    if ids is not ALL:
        pending = pending.filter(provider__organization_id__in=ids)
    return show(
        request,
        tables.screen,
        "settlement/list.html",
        pending=pending.values("provider__name")
        .annotate(gross=Sum("gross"), commission=Sum("commission"), net=Sum("provider_amount"))
        .order_by("provider__name"),
        tables=tables,
        may_close=can(request.user, "statements.close"),
        problems=_unmatched() if can(request.user, "books.view") else [],
    )


def _unmatched():
    """Arrivals that name a statement and do not pay it to the fen."""
    return [
        (line, problem)
        for line, _found, problem in queries.treasury_findings(queries.treasury_lines()[:200])
        if problem
    ]


def _statement(request, code):
    return get_object_or_404(Statement.objects.visible_to(request.user), code=code)


def _lines(statement):
    return statement.lines.select_related(
        "bill_line__order", "bill_line__organization", "bill_line__order__plan__accelerator"
    ).order_by("id")


def _page(request, statement, **typed):
    """A statement with its lines and what this person may say to it, with what was typed."""
    status, is_finance = statement.status, can(request.user, "statements.close")
    forms = {
        "dispute": DisputeForm if statement.waits_for(request.user) else None,
        "resolve": ResolveForm if is_finance and status == Statement.Status.DISPUTED else None,
        "release": ReleaseForm if is_finance and status == Statement.Status.PARKED else None,
    }
    context = {
        "record": RecordScreen(
            statement, statement.code, statement.title, _("结算单"), reverse("settlement:list"), "status"
        ),
        "statement": statement,
        "tables": tables,
        "doubts": [wording.doubt(found) for found in statement.parked_for] if is_finance else [],
        "asked": Approval.objects.visible_to(request.user).filter(
            kind=answers.RELEASE, subject_code__startswith=f"{statement.code}/"
        ),
        "lines": _lines(statement)[:500],
        **{name: typed.get(name) or (form and form()) for name, form in forms.items()},
    }
    return render(request, "settlement/detail.html", context, status=422 if typed else 200)


@require("statements.view")
def detail(request, code):
    """One statement with its lines."""
    return _page(request, _statement(request, code))


def _said(request, code, name, form, say, thanks):
    """Take one word on a statement; a form that is refused comes back with what was typed."""
    statement = _statement(request, code)
    if form.is_valid():
        try:
            say(statement_id=statement.id, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, thanks)
            return redirect(statement)
    return _page(request, statement, **{name: form})


@require("statements.answer")
@require_POST
def confirm(request, code):
    """The provider agrees."""
    statement = _statement(request, code)
    try:
        answers.confirm(statement_id=statement.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("结算单已确认，将列入下一付款批次。"))
    return redirect(statement)


@require("statements.answer")
@require_POST
def dispute(request, code):
    """The provider objects."""
    thanks = _("异议已提交，平台财务会答复。")
    return _said(request, code, "dispute", DisputeForm(request.POST), answers.dispute, thanks)


@require("statements.close")
@require_POST
def resolve(request, code):
    """Finance answers an objection."""
    thanks = _("已答复服务商。")
    return _said(request, code, "resolve", ResolveForm(request.POST), answers.resolve, thanks)


@require("statements.close")
@require_POST
def release(request, code):
    """Finance asks a colleague to let a parked statement go on."""
    thanks = _("已提交，由另一位平台财务复核。")
    return _said(request, code, "release", ReleaseForm(request.POST), answers.ask_release, thanks)


def _listed(request, screen, action, form_class, act, title, thanks):
    """A list with a form for one more row."""
    form = form_class(request.POST or None) if can(request.user, action) else None
    if request.method == "POST":
        require_action(request.user, action)
        if form.is_valid():
            try:
                act(**form.cleaned_data, by=request.user, at=timezone.now())
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                messages.success(request, thanks)
                return redirect(request.path)
    return show(
        request,
        screen,
        "settlement/list_with_form.html",
        status=422 if form and form.errors else 200,
        form=form,
        form_title=title,
    )


@require("statements.view")
def terms(request):
    """What contracts let the platform deduct; finance writes new terms down."""
    return _listed(
        request,
        tables.terms,
        "statements.close",
        TermsForm,
        corrections.propose_terms,
        _("登记条款"),
        _("条款已提交，由另一位平台财务复核后自生效日起用于结算。"),
    )


@require("payouts.view")
def adjustments(request):
    """Corrections outside the bills; finance proposes one."""
    return _listed(
        request,
        tables.adjustments,
        "payouts.manage",
        AdjustmentForm,
        corrections.propose_adjustment,
        _("提出调账"),
        _("已提交，由另一位平台财务复核。"),
    )


@require("books.view")
def runs(request):
    """Every closing with its control totals."""
    return show(request, tables.runs, "settlement/runs.html")


@require_safe
@require("statements.view")
def paper(request, code):
    """One statement as a PDF."""
    statement = _statement(request, code)
    printed = statement_paper(statement, _lines(statement), by=request.user, at=timezone.now())
    return paper_response(papers.vouch(printed))


@require_safe
@require("payouts.view")
def adjustment_paper(request, code):
    """One adjustment as a PDF."""
    rows = tables.adjustments.rows(request.user)
    printed = paper_of(get_object_or_404(rows, code=code), by=request.user, at=timezone.now())
    return paper_response(papers.vouch(printed))


@require("statements.view")
def export(request, code):
    """One statement as a spreadsheet, all its lines."""
    statement = _statement(request, code)
    heads = [
        _("账单号"),
        _("订单号"),
        _("企业"),
        _("加速卡"),
        _("卡数"),
        _("计费秒数"),
        _("金额（元）"),
        _("佣金（元）"),
        _("出账时间"),
    ]
    rows = (
        [
            line.bill_line.code,
            line.bill_line.order.code,
            line.bill_line.organization.name,
            line.bill_line.order.plan.accelerator.name,
            line.bill_line.cards,
            line.bill_line.seconds,
            to_yuan(line.gross),
            to_yuan(line.commission),
            localtime(line.bill_line.billed_at).replace(tzinfo=None),
        ]
        for line in _lines(statement)
    )
    lists.note_taken(
        screen="statements",
        query=statement.code,
        form="xlsx",
        row_count=statement.line_count,
        by=request.user,
        organization=request.organization,
    )
    return workbook_response(workbook(statement.code, heads, rows), f"{statement.code}.xlsx")


@require("statements.close")
@require_POST
def close(request):
    """Settle everything billed until now."""
    now = timezone.now()
    closed = settlement.close(until=now, by=request.user, at=now)
    if closed:
        messages.success(
            request,
            ngettext("已生成 %(n)d 张结算单。", "已生成 %(n)d 张结算单。", len(closed)) % {"n": len(closed)},
        )
    else:
        messages.info(request, _("没有新的待结算账单。"))
    return redirect("settlement:list")


@require("books.view")
def books(request):
    """The books in figures at once; whether they hold is asked of every row, and told when it is known."""
    is_asked = "check" in request.GET
    balances = [{"account": label, "balance": fen} for label, fen in queries.totals().items()]
    context = {
        "tables": tables,
        "balances": balances,
        "is_asked": is_asked,
        "breaks": queries.breaks() if is_asked else [],
    }
    return render(request, "settlement/books.html", context)
