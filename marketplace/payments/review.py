"""What a second person finds on the desk before money goes back."""

from django.utils.translation import gettext as _

from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.payments.models import Refund
from marketplace.payments.queries import goes_to
from portal.shell.names import named
from portal.shell.reviews import Fact, Parts


def refund_parts(approval) -> Parts:
    """How much goes back to whom and where, and whether it is still there."""
    refund = Refund.objects.select_related("organization", "payment", "receipt__bank_line", "asked_by").get(
        code=approval.subject_code
    )
    left = balance(Kind.PREPAID, refund.organization.code)
    is_there = left >= refund.amount
    finding = _("余额足够") if is_there else _("余额已不足，同意后也不会退款")
    return Parts(
        [],
        [
            Fact(_("企业"), named(refund.organization)),
            Fact(_("退款金额"), refund.amount, is_money=True),
            Fact(_("可用余额"), left, "", "ok" if is_there else "bad", finding, is_money=True),
            Fact(_("退回"), *_way_back(refund)),
            Fact(_("原因"), refund.reason),
            Fact(_("提出人"), refund.asked_by),
        ],
    )


def _way_back(refund) -> tuple:
    if not refund.is_by_bank:
        return f"{refund.payment.get_method_display()} {refund.payment.code}", _("原路退回")
    line = goes_to(refund.receipt)
    if line is None:
        return _("来款账户不明"), "", "bad", _("银行流水没有对方账号，不能退款")
    return f"{line.counterparty} {line.counter_account}", _("来款账户"), "ok", refund.receipt.bank_reference
