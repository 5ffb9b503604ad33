"""Contract credit: compute now, paid with the monthly bill, up to a limit."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.funding.protocol import Choice, Part
from marketplace.funding.queries import credit_line, hold_breaks
from marketplace.ledger.actions import Line, transfer
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from portal.shell.money import yuan


@dataclass(frozen=True)
class OpenedCredit:
    owner: str
    contract: str
    free: int

    def parts(self, purchase, remaining, *, chosen=None):
        amount = min(remaining, self.free)
        return (
            [Part(Credit.code, self.contract, self.owner, gettext_noop("合同授信"), amount)]
            if amount > 0
            else []
        )

    def choices(self):
        return []

    def offered(self):
        if not self.free:
            return None
        return Choice(Credit.code, _("合同授信（可用 ¥%(left)s，随月账单付款）") % {"left": yuan(self.free)})


class Credit:
    """What the firm may owe until its bill is due."""

    code = "credit"
    is_subsidy = False
    patience = None

    def open(self, organization, purse, at):
        free = purse.get(Kind.CREDIT_FREE, 0)
        line = credit_line(organization) if free else None
        if line is None or line.valid_until <= at:
            return OpenedCredit("", "", 0)
        return OpenedCredit(organization.code, line.contract, free)

    def hold(self, order_code, parts, organization, by, at):
        amount = sum(part.amount for part in parts)
        return transfer(amount, (Kind.CREDIT_FREE, organization.code), (Kind.CREDIT_HELD, organization.code))

    def capture(self, reference, organization, amount, at):
        owner = organization.code
        used = transfer(amount, (Kind.CREDIT_HELD, owner), (Kind.CREDIT_USED, owner))
        return [Line(Kind.RECEIVABLE, owner, amount), *used]

    def release(self, reference, organization, amount, at):
        return transfer(amount, (Kind.CREDIT_HELD, organization.code), (Kind.CREDIT_FREE, organization.code))

    def refund(self, reference, organization, amount, at):
        """What is still owed is owed no more; what was paid already is money again."""
        owner = organization.code
        owed = min(amount, balance(Kind.CREDIT_USED, owner))
        freed = transfer(owed, (Kind.CREDIT_USED, owner), (Kind.CREDIT_FREE, owner))
        return [Line(Kind.RECEIVABLE, owner, -owed), Line(Kind.PREPAID, owner, owed - amount), *freed]

    def explain(self, steps):
        return []

    def payer_name(self, payer):
        return _("合同授信")

    def breaks(self):
        return hold_breaks(self.code, Kind.CREDIT_HELD, owner="payer")
