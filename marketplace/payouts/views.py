"""Batches of payments, and the accounts they go to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from marketplace.payouts import actions as payouts
from marketplace.payouts import queries, tables
from marketplace.payouts.forms import FailForm, PayoutAccountForm
from marketplace.payouts.models import Payout, PayoutBatch
from marketplace.payouts.papers import batch_paper
from portal.accounts.permissions import can
from portal.accounts.scoping import acting_for, require, require_action
from portal.papers import actions as papers
from portal.shell.exceptions import Refusal
from portal.shell.money import to_yuan
from portal.shell.responses import download, paper_response
from portal.shell.screens import RecordScreen, show
from portal.shell.workbooks import csv_text


@require("payouts.view")
def batches(request):
    """Every batch, what can be paid now, and what the bank says that fits no payment."""
    known = queries.accounts()
    waiting, refunds = list(queries.payable()), list(queries.refundable())
    return show(
        request,
        tables.batches,
        "payouts/list.html",
        payable=[row for row in waiting if row.party in known],
        without_account=[row for row in waiting if row.party not in known],
        refunds=refunds,
        total=sum(row.due for row in waiting if row.party in known),
        total_back=sum(row.amount for row in refunds),
        problems=[found for found in queries.findings(queries.open_lines()[:200]) if found.problem],
        may_propose=can(request.user, "payouts.manage"),
    )


@require("payouts.view")
def payments(request):
    """Every payment of every batch."""
    return show(request, tables.PAYOUTS)


@require("payouts.manage")
@require_POST
def propose(request):
    """Put what was confirmed into a batch."""
    organization = acting_for(request, "payouts.manage")
    try:
        made = payouts.propose_batch(organization=organization, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("payouts:list")
    messages.success(request, _("批次 %(code)s 已提交，由另一位平台财务复核。") % {"code": made.code})
    return redirect(made)


def _batch(request, code):
    rows = PayoutBatch.objects.visible_to(request.user).select_related("made_by", "approved_by")
    return get_object_or_404(rows, code=code)


@require("payouts.view")
def batch(request, code):
    """One batch with its payments."""
    found = _batch(request, code)
    rows = list(found.payouts.in_full())
    may_manage = can(request.user, "payouts.manage")
    for payout in rows:
        if may_manage and payout.status == Payout.Status.ORDERED:
            payout.fail = FailForm(auto_id=f"{payout.code}-%s")
    context = {
        "record": RecordScreen(found, found.code, found.code, _("付款"), reverse("payouts:list"), "status"),
        "batch": found,
        "tables": tables,
        "payouts": rows,
        "settled": sum(payout.amount for payout in rows if payout.status == Payout.Status.PAID),
        "may_take_file": may_manage and found.status == PayoutBatch.Status.APPROVED,
    }
    return render(request, "payouts/batch.html", context)


@require_safe
@require("payouts.view")
def paper(request, code):
    """One batch as a PDF."""
    printed = batch_paper(_batch(request, code), by=request.user, at=timezone.now())
    return paper_response(papers.vouch(printed))


@require("payouts.manage")
@require_POST
def file(request, code) -> HttpResponse:
    """The batch as the bank takes it."""
    found = _batch(request, code)
    try:
        rows = payouts.take_file(batch_id=found.id, by=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect(found)
    heads = [_("付款编号"), _("收款户名"), _("收款账号"), _("开户行"), _("金额（元）"), _("附言")]
    lines = [[p.code, p.payee.holder, p.payee.number, p.payee.bank, to_yuan(p.amount), p.code] for p in rows]
    return download(csv_text(heads, lines).encode(), "text/csv; charset=utf-8", f"{found.code}.csv")


@require("payouts.manage")
@require_POST
def fail(request, code):
    """The bank did not take a payment."""
    payout = get_object_or_404(Payout.objects.visible_to(request.user).select_related("batch"), code=code)
    form = FailForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        payouts.fail(payout_id=payout.id, reason=reason, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("付款 %(code)s 已记为失败，可再次付款。") % {"code": payout.code})
    return redirect(payout.batch)


@require("statements.view")
def accounts(request):
    """The accounts providers are paid to; a provider's administrator names another."""
    may_propose = can(request.user, "statements.answer")
    form = PayoutAccountForm(request.POST or None)
    if request.method == "POST":
        require_action(request.user, "statements.answer")
        provider = acting_for(request, "statements.answer").provider
        if form.is_valid():
            try:
                payouts.propose_account(
                    provider=provider, **form.cleaned_data, by=request.user, at=timezone.now()
                )
            except Refusal as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, _("已提交，平台财务复核后启用。"))
                return redirect("payouts:accounts")
    return show(
        request,
        tables.accounts,
        "payouts/accounts.html",
        status=422 if form.errors else 200,
        form=form if may_propose else None,
    )
