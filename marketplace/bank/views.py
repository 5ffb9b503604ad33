"""Finance takes the bank's statement over, settles what is left and closes the day."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.bank import actions as bank
from marketplace.bank import queries, tables
from marketplace.bank.forms import AssignForm, BankFileForm, CloseDayForm, ExplainForm
from marketplace.bank.models import BankLine
from portal.accounts.permissions import can
from portal.accounts.scoping import require, require_action
from portal.shell.exceptions import Refusal
from portal.shell.screens import RecordScreen, show


@require("receipts.view")
def lines(request):
    """Every line of the bank, where we stand, and the form for the next file."""
    form = BankFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        require_action(request.user, "receipts.record")
        if form.is_valid():
            name, content = form.cleaned_data["file"]
            try:
                file = bank.take_file(name=name, content=content, by=request.user, at=timezone.now())
            except Refusal as refusal:
                form.add_error(refusal.field, refusal.message)
            else:
                left = file.lines.waiting().filter(payer=None).count()
                messages.success(
                    request,
                    _("已导入 %(name)s：新流水 %(n)d 条，能认出单位的正在自动入账，其余 %(left)d 条待处理。")
                    % {"name": file.name, "n": file.line_count, "left": left},
                )
                return redirect("bank:list")
    standing = queries.standing()
    return show(
        request,
        tables.screen,
        "bank/list.html",
        status=422 if form.errors else 200,
        standing=standing,
        form=form if can(request.user, "receipts.record") else None,
        close_form=CloseDayForm(initial={"on": standing.last_day}),
    )


def _line(request, code):
    rows = BankLine.objects.visible_to(request.user)
    return get_object_or_404(
        rows.select_related("file", "payer", "payment", "receipt", "settled_by"), code=code
    )


def _page(request, line, assign=None, explain=None):
    open_forms = line.status == BankLine.Status.WAITING and can(request.user, "receipts.record")
    suggested = queries.suggestion(line) if open_forms else None
    context = {
        "record": RecordScreen(
            line, line.code, line.bank_reference, _("银行对账"), reverse("bank:list"), "status"
        ),
        "line": line,
        "facts": tables.FACTS,
        "may_settle": open_forms,
        "suggested": suggested,
        "assign": assign or AssignForm(initial={"organization": suggested.code if suggested else None}),
        "explain": explain or ExplainForm(),
    }
    bad = any(form is not None and form.errors for form in (assign, explain))
    return render(request, "bank/line.html", context, status=422 if bad else 200)


@require("receipts.view")
def line(request, code):
    """One movement on the account, and what may be done about it."""
    return _page(request, _line(request, code))


@require("receipts.record")
@require_POST
def assign(request, code):
    """Credit it to the firm it came from."""
    found, form = _line(request, code), AssignForm(request.POST)
    if form.is_valid():
        try:
            bank.assign(line_id=found.id, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error("organization", refusal.message)
        else:
            messages.success(request, _("流水 %(line)s 已入账。") % {"line": found.bank_reference})
            return redirect("bank:list")
    return _page(request, found, assign=form)


@require("receipts.record")
@require_POST
def explain(request, code):
    """Say what it is when it is no firm's money."""
    found, form = _line(request, code), ExplainForm(request.POST)
    if form.is_valid():
        try:
            bank.explain(line_id=found.id, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error("explanation", refusal.message)
        else:
            messages.success(request, _("流水 %(line)s 已说明。") % {"line": found.bank_reference})
            return redirect("bank:list")
    return _page(request, found, explain=form)


@require("receipts.record")
@require_POST
def close_day(request):
    """Lock a day on which bank and books agree."""
    form = CloseDayForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请选择日结日期。"))
        return redirect("bank:list")
    try:
        day = bank.close_day(**form.cleaned_data, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("%(day)s 已日结，银行与账面相符。") % {"day": day.on})
    return redirect("bank:list")
