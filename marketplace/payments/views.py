"""A firm pays and sees it arrive; finance records what arrived at the bank; the provider tells."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from marketplace.payments import actions as payments
from marketplace.payments import clearing, queries, refunds, tables
from marketplace.payments import stripe_gateway as gateway
from marketplace.payments.forms import AskBackForm, BankReceiptForm, ExplainForm, RefundForm, TopUpForm
from marketplace.payments.models import Difference, Payment, Refund
from marketplace.payments.papers import refund_paper as paper_of
from portal.accounts.permissions import can
from portal.accounts.scoping import acting_for, require, require_action
from portal.papers import actions as papers
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from portal.shell.responses import paper_response
from portal.shell.screens import RecordScreen, show

STOP_POLLING = 286


@require("receipts.view")
def receipts(request):
    """Bank transfers already credited, and the form for the next one."""
    may_record = can(request.user, "receipts.record")
    form = BankReceiptForm(request.POST or None, initial={"received_on": timezone.localdate()})
    if request.method == "POST":
        require_action(request.user, "receipts.record")
        if form.is_valid():
            try:
                receipt = payments.record_bank_receipt(
                    **form.cleaned_data, by=request.user, at=timezone.now()
                )
            except Refusal as refusal:
                form.add_error(refusal.field, refusal.message)
            else:
                messages.success(
                    request,
                    _("已为 %(name)s 入账 ¥%(amount)s。")
                    % {"name": receipt.organization, "amount": yuan(receipt.amount)},
                )
                return redirect("payments:receipts")
    return show(
        request,
        tables.screen,
        "payments/receipts.html",
        status=422 if form.errors else 200,
        form=form if may_record else None,
    )


@require("payments.view")
def listing(request):
    """Every payment I may see."""
    is_off = can(request.user, "refunds.manage") and not gateway.is_on()
    return show(request, tables.payments, "payments/list.html", is_off=is_off)


@require("wallet.top_up")
def top_up(request):
    """Choose how much and how; the next page is where it is paid."""
    organization = acting_for(request, "wallet.top_up")
    form = TopUpForm(request.POST or None)
    if form.is_valid():
        try:
            payment = payments.top_up(
                organization=organization, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            return redirect(payment)
    context = {"organization": organization, "form": form, "is_online": gateway.is_on()}
    return render(request, "payments/top_up.html", context, status=422 if form.errors else 200)


def _payment(request, code):
    rows = Payment.objects.visible_to(request.user).select_related("organization", "created_by")
    return get_object_or_404(rows, code=code)


@require("payments.view")
def detail(request, code):
    """One payment: where to pay it, and by itself that it has arrived."""
    return _page(request, _payment(request, code))


def _page(request, payment, refund_form=None):
    is_order = payment.purpose == Payment.Purpose.ORDER
    is_mine = can(request.user, "orders.place" if is_order else "wallet.top_up", payment.organization)
    context = {
        "record": RecordScreen(
            payment,
            payment.code,
            payment.get_purpose_display(),
            _("支付记录"),
            reverse("payments:list"),
            "status",
        ),
        "payment": payment,
        "facts": tables.FACTS,
        "stages": queries.stages(payment),
        "is_mine": is_mine,
        "may_cancel": is_mine and not is_order and payment.is_waiting and payment.reason != "cancelled",
        "picture": queries.picture_to_scan(payment.scan_text) if payment.scan_text else "",
        "account": queries.bank_account(),
        "refund_columns": tables.REFUNDS,
        "refunds": payment.refunds.order_by("id"),
        "refund_form": _refund_form(request, payment, refund_form),
    }
    is_fragment = request.htmx and request.htmx.target == "payment-live"
    status = 422 if refund_form else 200
    response = render(
        request, f"payments/{'_live' if is_fragment else 'detail'}.html", context, status=status
    )
    response["Vary"] = "HX-Request, Cookie, Accept-Language"
    if is_fragment and not payment.is_waiting:
        response.status_code = STOP_POLLING
        response["HX-Refresh"] = "true"
    return response


def _refund_form(request, payment, typed):
    left = payment.amount - payment.refunded
    is_top_up = payment.purpose == Payment.Purpose.TOP_UP
    is_possible = is_top_up and payment.status == Payment.Status.PAID and payment.is_online and left
    if not is_possible or not can(request.user, "refunds.manage"):
        return None
    return typed or RefundForm(initial={"amount": left})


@require("refunds.manage")
@require_POST
def refund(request, code):
    """Ask for a payment, or a part of it, to be given back."""
    payment, form = _payment(request, code), RefundForm(request.POST)
    if form.is_valid():
        try:
            refunds.ask(payment_id=payment.id, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("已提出退款，等待另一位财务复核。"))
            return redirect(payment)
    return _page(request, payment, form)


@require("payments.view")
def refund_list(request):
    """Every refund I may see."""
    return show(request, tables.refunds, "shell/list.html")


@require_safe
@require("payments.view")
def refund_paper(request, code):
    """One refund as a PDF."""
    rows = Refund.objects.visible_to(request.user).select_related(
        "organization", "payment", "receipt", "asked_by", "agreed_by"
    )
    found = get_object_or_404(rows, code=code)
    return paper_response(papers.vouch(paper_of(found, by=request.user, at=timezone.now())))


@require("wallet.top_up")
def ask_back(request):
    """Ask for what was transferred and not spent to go back to the account it came from."""
    organization = acting_for(request, "wallet.top_up")
    form = AskBackForm(organization, request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            refunds.ask_back(receipt_id=given.pop("receipt").id, **given, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("已提出退款，平台财务复核后汇回原账户。"))
            return redirect("payments:refunds")
    context = {"organization": organization, "form": form}
    return render(request, "payments/ask_back.html", context, status=422 if form.errors else 200)


@require("refunds.manage")
@require_POST
def refund_again(request, code):
    """Send what came back once more."""
    found = get_object_or_404(Refund.objects.visible_to(request.user), code=code)
    try:
        refunds.send_again(refund_id=found.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("已重新发起退款。"))
    return redirect("payments:refunds")


@require("receipts.view")
def difference_list(request):
    """Where the provider's account and our books stand towards each other, and every difference."""
    return show(request, tables.differences, "payments/differences.html", standing=queries.standing())


@require("receipts.view")
def difference(request, code):
    """One difference, and the form to say what it was."""
    found = get_object_or_404(
        Difference.objects.visible_to(request.user).select_related("settled_by"), code=code
    )
    form = ExplainForm(request.POST or None)
    if request.method == "POST":
        require_action(request.user, "receipts.record")
        if form.is_valid():
            try:
                clearing.explain(
                    difference_id=found.id, **form.cleaned_data, by=request.user, at=timezone.now()
                )
            except Refusal as refusal:
                form.add_error("explanation", refusal.message)
            else:
                messages.success(request, _("差异 %(code)s 已说明。") % {"code": found.code})
                return redirect("payments:differences")
    is_open = found.status == Difference.Status.OPEN and can(request.user, "receipts.record")
    context = {
        "record": RecordScreen(
            found,
            found.code,
            found.get_kind_display(),
            _("支付机构对账"),
            reverse("payments:differences"),
            "status",
        ),
        "difference": found,
        "facts": tables.DIFFERENCE_FACTS,
        "form": form if is_open else None,
    }
    return render(request, "payments/difference.html", context, status=422 if form.errors else 200)


@require("wallet.top_up")
@require_POST
def cancel(request, code):
    """Not to be paid any more."""
    payment = _payment(request, code)
    require_action(request.user, "wallet.top_up", payment.organization)
    try:
        payments.cancel(payment_id=payment.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("已取消，请勿再付款。"))
    return redirect(payment)


@csrf_exempt
@require_POST
def stripe_webhook(request):
    """The provider's door: what bears its signature is kept and read by a sweep."""
    if not gateway.is_on():
        raise Http404
    signature = request.headers.get("Stripe-Signature", "")
    is_theirs = payments.hear(body=request.body, signature=signature, at=timezone.now())
    return HttpResponse(status=200 if is_theirs else 400)
