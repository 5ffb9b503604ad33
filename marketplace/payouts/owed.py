"""What a batch pays: statements to their providers, refunds to the accounts that the money came from."""

from typing import Protocol

from django.utils.translation import gettext_noop

from marketplace.ledger.models import Cause, Kind
from marketplace.payments import refunds
from marketplace.settlement import answers
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell.money import yuan

PAID, RETURNED, FAILED = (
    gettext_noop("结算款 ¥%(amount)s 已付出（%(code)s）"),
    gettext_noop("结算款 ¥%(amount)s 被银行退回（%(code)s），请核对收款账户"),
    gettext_noop("结算款 ¥%(amount)s 付款失败（%(code)s），请核对收款账户"),
)


class Owed(Protocol):
    """Something that is paid once: from which account it is owed, and what becomes of it on its way."""

    cause: Cause
    account: tuple[Kind, str]

    def put_on_the_way(self): ...

    def pay(self, at): ...

    def owe_again(self, sentence, reason, at): ...


class OwedStatement:
    """What a provider has earned."""

    cause = Cause.PAYOUT

    def __init__(self, payout):
        self.payout, self.statement = payout, payout.statement
        self.account = (Kind.PROVIDER_PAYABLE, payout.statement.party)

    def put_on_the_way(self):
        answers.put_on_the_way(statement_id=self.statement.id)

    def pay(self, at):
        answers.pay(statement_id=self.statement.id)
        self._tell(PAID, at)

    def owe_again(self, sentence, reason, at):
        answers.owe_again(statement_id=self.statement.id)
        self._tell(sentence, at)

    def _tell(self, sentence, at):
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=sentence,
            values={"amount": yuan(self.payout.amount), "code": self.payout.code},
            url=self.statement.get_absolute_url(),
            at=at,
            organization=self.statement.organization,
            action="statements.answer",
        )


class OwedRefund:
    """What a firm transferred and gets back."""

    cause = Cause.REFUND_PAYOUT

    def __init__(self, payout):
        self.refund = payout.refund
        self.account = (Kind.REFUND_DUE, payout.refund.origin.code)

    def put_on_the_way(self):
        refunds.put_on_the_way(refund_id=self.refund.id)

    def pay(self, at):
        refunds.pay(refund_id=self.refund.id, at=at)

    def owe_again(self, sentence, reason, at):
        refunds.owe_again(refund_id=self.refund.id, reason=reason, at=at)


def owed_by(payout) -> Owed:
    """What this payment pays."""
    return OwedStatement(payout) if payout.statement_id else OwedRefund(payout)
