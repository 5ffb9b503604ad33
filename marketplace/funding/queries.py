"""What an order would be paid from — asked by the page and by the code that charges, alike."""

from dataclasses import dataclass

from marketplace.funding.models import FundingHold
from marketplace.funding.protocol import Part, Purchase
from marketplace.funding.sources import all_sources


@dataclass(frozen=True)
class Quote:
    """An amount in fen and the parts that pay it, in paying order; they sum to it."""

    amount: int
    parts: tuple[Part, ...]

    @property
    def vouchers(self) -> int:
        return sum(p.amount for p in self.parts if p.source != "wallet")

    @property
    def cash(self) -> int:
        return self.amount - self.vouchers


class Means:
    """One buyer's sources, opened once; quotes as many purchases as asked without another query."""

    def __init__(self, organization, at):
        self.opened = [(source, source.open(organization, at)) for source in all_sources()]

    def quote(self, purchase: Purchase, *, chosen: frozenset[str] | None = None) -> Quote:
        remaining, parts = purchase.amount, []
        for _source, opened in self.opened:
            for part in opened.parts(purchase, remaining, chosen=chosen):
                parts.append(part)
                remaining -= part.amount
        return Quote(purchase.amount, tuple(parts))


def holds_of(order_code: str):
    """What is set aside for an order, in paying order."""
    return FundingHold.objects.filter(order_code=order_code).order_by("position")
