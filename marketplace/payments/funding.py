"""Paying an order from outside, after it is placed: the cards wait for the money for a while."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.funding.protocol import Choice, Part
from marketplace.ledger.actions import Line, transfer
from marketplace.ledger.models import Kind
from marketplace.payments import actions as payments
from marketplace.payments.models import Payment
from marketplace.payments.queries import offered
from portal.shell.codes import new_code

Method = Payment.Method


@dataclass(frozen=True)
class OpenedWay:
    method: str
    label: str
    owner: str
    is_offered: bool

    def parts(self, purchase, remaining, *, chosen=None):
        if not self.is_offered or not payments.LEAST <= remaining <= payments.MOST:
            return []
        # Its number is the payment's: what arrives under it pays this part and no other.
        return [Part(self.method, new_code("PM"), self.owner, self.label, remaining)]

    def choices(self):
        return []

    def offered(self):
        if not self.is_offered:
            return None
        return Choice(self.method, _("%(way)s（下单后付款）") % {"way": _(self.label)})


class Outside:
    """A way to pay by which the money comes after the order, and goes back the way it came."""

    code: str
    label: str
    is_subsidy = False
    patience: timedelta | None

    def open(self, organization, purse, at):
        owner = organization.code if organization else ""
        return OpenedWay(self.code, self.label, owner, self.code in offered())

    def hold(self, order_code, parts, organization, by, at):
        for part in parts:
            payments.await_order(
                code=part.reference,
                order_code=order_code,
                organization=organization,
                method=self.code,
                amount=part.amount,
                by=by,
                at=at,
            )
        return []

    def capture(self, reference, organization, amount, at):
        return [Line(Kind.PAID, reference, amount)]

    def release(self, reference, organization, amount, at):
        return transfer(amount, (Kind.PAID, reference), (Kind.REFUND_DUE, reference))

    def refund(self, reference, organization, amount, at):
        return [Line(Kind.REFUND_DUE, reference, -amount)]

    def explain(self, steps):
        return []

    def payer_name(self, payer):
        return _(self.label)

    def breaks(self):
        # The four share their accounts: marketplace.payments.queries looks at all of them at once.
        return []


class Alipay(Outside):
    code = Method.ALIPAY.value
    label = gettext_noop("支付宝")
    patience = timedelta(minutes=30)


class WeChatPay(Outside):
    code = Method.WECHAT_PAY.value
    label = gettext_noop("微信支付")
    patience = timedelta(minutes=30)


class Card(Outside):
    code = Method.CARD.value
    label = gettext_noop("银行卡")
    patience = timedelta(minutes=30)


class BankTransfer(Outside):
    """Slower: a transfer may take until the bank's next statement."""

    code = Method.TRANSFER.value
    label = gettext_noop("对公转账")
    patience = timedelta(days=1)
