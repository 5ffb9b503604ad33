"""The prepaid balance: pays what the sources before it left."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from marketplace.funding.protocol import Part
from marketplace.ledger.actions import Line, transfer
from marketplace.ledger.models import Kind


@dataclass(frozen=True)
class OpenedWallet:
    owner: str

    def parts(self, purchase, remaining, *, chosen=None):
        if remaining <= 0:
            return []
        return [Part(Wallet.code, "prepaid", self.owner, _("预存款"), remaining)]

    def choices(self):
        return []


class Wallet:
    """Pays the rest in full; the ledger refuses when the balance is too small."""

    code = "wallet"

    def open(self, organization, at):
        return OpenedWallet(organization.code if organization else "")

    def hold(self, parts, organization, at):
        amount = sum(part.amount for part in parts)
        return transfer(amount, (Kind.PREPAID, organization.code), (Kind.PREPAID_HELD, organization.code))

    def capture(self, reference, organization, amount, at):
        return [Line(Kind.PREPAID_HELD, organization.code, amount)]

    def release(self, reference, organization, amount, at):
        return transfer(amount, (Kind.PREPAID_HELD, organization.code), (Kind.PREPAID, organization.code))

    def explain(self, steps):
        return []

    def payer_name(self, payer):
        return _("预存款")

    def breaks(self):
        return []
