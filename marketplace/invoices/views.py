"""A firm asks for invoices; finance sees them all and, without an issuing service, writes their numbers down."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.invoices import actions as invoices
from marketplace.invoices import gateway, queries, tables
from marketplace.invoices.forms import RefuseForm, RegisterForm, RequestForm
from marketplace.invoices.models import Invoice, InvoiceTitle
from portal.accounts.permissions import can
from portal.accounts.scoping import acting_for, require, require_action
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.screens import RecordScreen, show


@require("invoices.view")
def listing(request):
    """Every invoice I may see; a firm asks for the next one here."""
    is_buyer = bool(request.organization) and can(request.user, "invoices.request", request.organization)
    if request.method == "POST":
        require_action(request.user, "invoices.request")
    context = _request_form(request) if is_buyer else {}
    form = context.get("form")
    if form and form.is_valid():
        try:
            invoice = invoices.request(
                organization=context["organization"],
                **form.cleaned_data,
                by=request.user,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, _("已提交开票申请 %(code)s。") % {"code": invoice.code})
            return redirect(invoice)
    return show(
        request,
        tables.screen,
        "invoices/list.html",
        status=422 if form and form.errors else 200,
        **context,
    )


def _request_form(request):
    organization = acting_for(request, "invoices.request")
    most = queries.available(organization)
    initial = {"amount": max(most, 0), "idempotency_key": new_code("IK")}
    if kept := InvoiceTitle.objects.filter(organization=organization).first():
        initial |= {"address": kept.address, "bank": kept.bank, "email": kept.email}
    return {
        "organization": organization,
        "available": most,
        "form": RequestForm(request.POST or None, initial=initial),
    }


def _invoice(request, code):
    rows = Invoice.objects.visible_to(request.user).select_related("organization", "original", "requested_by")
    return get_object_or_404(rows, code=code)


def _page(request, invoice, register=None, refuse=None):
    is_ours = invoice.status == Invoice.Status.REQUESTED and can(request.user, "invoices.issue")
    context = {
        "record": RecordScreen(
            invoice, invoice.code, str(invoice.organization), _("发票"), reverse("invoices:list"), "status"
        ),
        "invoice": invoice,
        "facts": tables.FACTS,
        "reds": invoice.reds.order_by("id"),
        "register": (register or RegisterForm()) if is_ours and not gateway.is_on() else None,
        "refuse": (refuse or RefuseForm()) if is_ours and not gateway.is_on() else None,
    }
    return render(request, "invoices/detail.html", context, status=422 if register or refuse else 200)


@require("invoices.view")
def detail(request, code):
    """One invoice and its red ones."""
    return _page(request, _invoice(request, code))


@require("invoices.issue")
@require_POST
def register(request, code):
    """Finance writes the number down."""
    return _said(request, code, "register", RegisterForm(request.POST), invoices.register)


@require("invoices.issue")
@require_POST
def refuse(request, code):
    """Finance cannot issue it."""
    return _said(request, code, "refuse", RefuseForm(request.POST), invoices.refuse)


def _said(request, code, name, form, say):
    invoice = _invoice(request, code)
    if form.is_valid():
        try:
            say(invoice_id=invoice.id, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, _("已登记。"))
            return redirect(invoice)
    return _page(request, invoice, **{name: form})
