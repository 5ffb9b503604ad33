"""Statements, and closing the books."""

from django.contrib import messages
from django.db.models import Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from marketplace.settlement import actions as settlement
from marketplace.settlement import queries, tables
from marketplace.settlement.models import Statement
from portal.accounts.permissions import ALL, can, organization_ids
from portal.accounts.scoping import require
from portal.shell.money import to_yuan
from portal.shell.responses import workbook_response
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
        may_close=can(request.user, "statements.close"),
    )


def _statement(request, code):
    return get_object_or_404(Statement.objects.visible_to(request.user), code=code)


def _lines(statement):
    return statement.lines.select_related(
        "bill_line__order", "bill_line__organization", "bill_line__usage__accelerator"
    ).order_by("id")


@require("statements.view")
def detail(request, code):
    """One statement with its lines."""
    statement = _statement(request, code)
    context = {
        "record": RecordScreen(
            statement, statement.code, statement.title, _("结算单"), reverse("settlement:list")
        ),
        "statement": statement,
        "statement_facts": tables.FACTS,
        "lines": _lines(statement)[:500],
    }
    return render(request, "settlement/detail.html", context)


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
            line.bill_line.usage.accelerator.name,
            line.bill_line.cards,
            line.bill_line.seconds,
            to_yuan(line.gross),
            to_yuan(line.commission),
            localtime(line.bill_line.billed_at).replace(tzinfo=None),
        ]
        for line in _lines(statement)
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
    """The books in figures, and whether they hold."""
    return render(request, "settlement/books.html", {"totals": queries.totals(), "breaks": queries.breaks()})
