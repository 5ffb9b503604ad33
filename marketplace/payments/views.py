"""Finance records what arrived at the bank."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.payments import actions as payments
from marketplace.payments.forms import BankReceiptForm
from marketplace.payments.tables import screen
from portal.accounts.permissions import can
from portal.accounts.scoping import require, require_action
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from portal.shell.screens import show


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
        screen,
        "payments/receipts.html",
        status=422 if form.errors else 200,
        form=form if may_record else None,
    )
