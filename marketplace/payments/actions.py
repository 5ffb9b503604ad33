"""Crediting what arrived."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import PLATFORM, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.payments.models import BankReceipt
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan


class AlreadyRecorded(Refusal):
    """This line of the bank statement was credited before, with other figures."""

    status = 409
    code = "already_recorded"


def record_bank_receipt(
    *, organization, bank_reference, amount: int, received_on, debit=(Kind.BANK, PLATFORM), by, at
) -> BankReceipt:
    """Credit a bank transfer to a firm's prepaid balance. The same bank reference again changes nothing."""
    if amount <= 0:
        raise Refusal(_("到账金额必须大于 0。"), code="amount_not_positive", field="amount")
    with transaction.atomic():
        receipt, is_new = BankReceipt.objects.get_or_create(
            bank_reference=bank_reference,
            defaults={
                "code": new_code("RC"),
                "organization": organization,
                "amount": amount,
                "received_on": received_on,
                "recorded_by": by,
                "recorded_at": at,
            },
        )
        if not is_new:
            if (receipt.organization_id, receipt.amount) != (organization.id, amount):
                raise AlreadyRecorded(
                    _("该银行流水号已登记为另一笔到账（%(code)s），请核对银行对账单。")
                    % {"code": receipt.code},
                    field="bank_reference",
                )
            return receipt
        ledger.post(
            f"bank-receipt:{bank_reference}",
            kind=Cause.BANK_RECEIPT,
            subject=receipt.code,
            lines=transfer(amount, debit, (Kind.PREPAID, organization.code)),
            at=at,
        )
        audit.record(receipt, "receipt.recorded", by=by, amount=amount, bank_reference=bank_reference)
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop("对公转账到账 ¥%(amount)s"),
            values={"amount": yuan(amount)},
            url="/wallet/",
            at=at,
            organization=organization,
            action="wallet.view",
        )
    return receipt
