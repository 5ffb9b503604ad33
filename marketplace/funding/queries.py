"""What an order would be paid from — asked by the page and by the code that charges, alike."""

from dataclasses import dataclass

from marketplace.funding.models import FundingHold
from marketplace.funding.protocol import Part, Purchase
from marketplace.funding.sources import all_sources, source


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
        self.opened = [(way, way.open(organization, at)) for way in all_sources()]

    def choices(self) -> list[tuple[str, str]]:
        """What this buyer may choose to pay with: (reference, label)."""
        return [choice for _way, opened in self.opened for choice in opened.choices()]

    def quote(self, purchase: Purchase, *, chosen: frozenset[str] | None = None) -> Quote:
        remaining, parts = purchase.amount, []
        for _way, opened in self.opened:
            for part in opened.parts(purchase, remaining, chosen=chosen):
                parts.append(part)
                remaining -= part.amount
        return Quote(purchase.amount, tuple(parts))


def holds_of(order_code: str):
    """What is set aside for an order, in paying order."""
    return FundingHold.objects.filter(order_code=order_code).order_by("position")


def explained_holds(order_code: str) -> list[tuple[FundingHold, list[str]]]:
    """Each hold of an order with its explanation in the reader's language."""
    return [(row, source(row.source).explain(row.explanation)) for row in holds_of(order_code)]


def explained(quote: Quote) -> list[tuple[Part, list[str]]]:
    """Each part of a quote with its explanation in the reader's language."""
    return [(part, source(part.source).explain(list(part.explanation))) for part in quote.parts]
