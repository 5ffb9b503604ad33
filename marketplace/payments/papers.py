"""A refund as a paper."""

from django.utils.translation import gettext as _

from marketplace.payments import tables
from marketplace.payments.models import Refund
from portal.shell.pdf import Paper, facts_of


def refund_paper(refund: Refund, *, by, at) -> Paper:
    """Who gets what back, why, who asked and who agreed, and how far it has come."""
    return Paper(
        title=_("退款单"),
        code=refund.code,
        facts=facts_of(refund, tables.refunds.facts),
        tables=[],
        notes=[_("原路退回：在线支付退回支付账户，对公转账汇回原账户。")],
        author=str(by),
        at=at,
        amount=refund.amount,
    )
