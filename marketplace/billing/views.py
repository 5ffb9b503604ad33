"""One bill a month, and what was used line by line."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from marketplace.billing import overdue, queries, refunds, tables
from marketplace.billing.forms import RefundForm
from marketplace.billing.models import Bill, BillLine
from marketplace.billing.papers import bill_paper
from marketplace.orders.queries import month_start
from portal.accounts.permissions import serves
from portal.accounts.scoping import require
from portal.lists import actions as lists
from portal.papers import actions as papers
from portal.shell.exceptions import Refusal
from portal.shell.money import to_yuan
from portal.shell.responses import paper_response, workbook_response
from portal.shell.screens import RecordScreen, show
from portal.shell.workbooks import workbook

MOST_SHOWN = 100


@require("bills.view")
def listing(request):
    """Monthly bills, newest first, and what has come together since the last."""
    since = month_start(month_start(timezone.now()) - timedelta(days=1))
    return show(request, tables.monthly, "billing/list.html", unbilled=queries.unbilled(request.user, since))


@require("bills.view")
def lines(request):
    """What was used and what it cost, newest first, with the totals."""
    return show(request, tables.screen)


def _bill(request, code):
    return get_object_or_404(Bill.objects.visible_to(request.user).select_related("organization"), code=code)


def _lines(bill):
    rows = BillLine.objects.filter(item__bill=bill).order_by("id")
    return rows.select_related(
        "order", "project", "provider", "usage", "order__plan__accelerator", "original"
    )


@require("bills.view")
def detail(request, code):
    """One month of one firm: who used it, who paid it, line by line."""
    bill = _bill(request, code)
    title = _("%(month)s 账单") % {"month": bill.period}
    context = {
        "record": RecordScreen(bill, bill.code, title, _("账单"), reverse("billing:list"), "status"),
        "bill": bill,
        "tables": tables,
        "projects": queries.by_project(bill),
        "sources": queries.by_source(bill),
        "lines": _lines(bill)[:MOST_SHOWN],
        "may_pay": bill.status != Bill.Status.PAID and serves(request.user, "bills.pay", bill.organization),
    }
    return render(request, "billing/detail.html", context)


@require("refunds.manage")
def refund_list(request):
    """What is asked back, given and refused; and asking."""
    form = RefundForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            refunds.ask(line_id=given.pop("line").id, **given, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("已提出退费，等待另一位财务复核。"))
            return redirect("billing:refunds")
    status = 422 if form.errors else 200
    return show(request, tables.refunds, "billing/refunds.html", status=status, form=form)


@require("bills.pay")
@require_POST
def pay(request, code):
    """Pay a bill from the prepaid balance."""
    bill = _bill(request, code)
    if not serves(request.user, "bills.pay", bill.organization):
        raise Http404
    try:
        overdue.pay(bill_id=bill.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("账单 %(code)s 已结清。") % {"code": bill.code})
    return redirect(bill)


@require_safe
@require("bills.view")
def paper(request, code):
    """One bill as a PDF."""
    bill = _bill(request, code)
    printed = bill_paper(bill, _lines(bill), by=request.user, at=timezone.now())
    return paper_response(papers.vouch(printed))


@require("bills.view")
def export(request, code):
    """One bill as a spreadsheet, all its lines."""
    bill = _bill(request, code)
    facts = tables.screen.facts
    rows = ([fact.typed(line) for fact in facts] for line in _lines(bill).select_related("organization"))
    conditions = [
        (_("账单号"), bill.code),
        (_("单位"), bill.organization.name),
        (_("账期"), bill.period),
        (_("应付（元）"), to_yuan(bill.gross)),
        (_("待还（元）"), to_yuan(bill.due)),
        (_("出账时间"), localtime(bill.issued_at).replace(tzinfo=None)),
    ]
    heads = [fact.head for fact in facts]
    lists.note_taken(
        screen="bills",
        query=bill.code,
        form="xlsx",
        row_count=_lines(bill).count(),
        by=request.user,
        organization=bill.organization,
    )
    return workbook_response(workbook(bill.code, heads, rows, conditions), f"{bill.code}.xlsx")
