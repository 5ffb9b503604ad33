"""The prepaid balance: pays as far as it reaches."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.funding.protocol import Choice, Part
from marketplace.funding.queries import hold_breaks
from marketplace.ledger.actions import Line, transfer
from marketplace.ledger.models import Kind
from portal.shell.money import yuan


@dataclass(frozen=True)
class OpenedWallet:
    owner: str
    balance: int

    def parts(self, purchase, remaining, *, chosen=None):
        amount = min(remaining, self.balance)
        return (
            [Part(Wallet.code, "prepaid", self.owner, gettext_noop("预存款"), amount)] if amount > 0 else []
        )

    def choices(self):
        return []

    def offered(self):
        return Choice(Wallet.code, _("预存款（余额 ¥%(left)s）") % {"left": yuan(self.balance)})


class Wallet:
    """What the firm paid in beforehand."""

    code = "wallet"
    is_subsidy = False
    patience = None

    def open(self, organization, purse, at):
        return OpenedWallet(organization.code if organization else "", purse.get(Kind.PREPAID, 0))

    def hold(self, order_code, parts, organization, by, at):
        amount = sum(part.amount for part in parts)
        return transfer(amount, (Kind.PREPAID, organization.code), (Kind.PREPAID_HELD, organization.code))

    def capture(self, reference, organization, amount, at):
        return [Line(Kind.PREPAID_HELD, organization.code, amount)]

    def release(self, reference, organization, amount, at):
        return transfer(amount, (Kind.PREPAID_HELD, organization.code), (Kind.PREPAID, organization.code))

    def refund(self, reference, organization, amount, at):
        return [Line(Kind.PREPAID, organization.code, -amount)]

    def explain(self, steps):
        return []

    def payer_name(self, payer):
        return _("预存款")

    def breaks(self):
        return hold_breaks(self.code, Kind.PREPAID_HELD, owner="payer")
