"""What an order would be paid from — asked by the page and by the code that charges, alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import cast

from django.db.models import F, Sum
from django.utils.functional import SimpleLazyObject

from marketplace.funding.models import CreditLine, FundingHold
from marketplace.funding.protocol import Choice, Opened, OpenedSubsidy, Part, Purchase, Source
from marketplace.funding.sources import all_sources, at_hand, source, subsidies
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import differences, kept, purse_of


@dataclass(frozen=True)
class Quote:
    """An amount in fen and the parts that pay it, in paying order; what they do not reach is the shortage."""

    amount: int
    parts: tuple[Part, ...]

    @property
    def vouchers(self) -> int:
        return sum(p.amount for p in self.subsidies)

    @property
    def subsidies(self) -> list[Part]:
        return [p for p in self.parts if p.source in subsidies()]

    @property
    def cash(self) -> int:
        return self.amount - self.vouchers

    @property
    def shortage(self) -> int:
        return self.amount - sum(p.amount for p in self.parts)

    @property
    def to_pay(self) -> int:
        """What the buyer must still bring before the work can begin."""
        return sum(p.amount for p in self.parts if source(p.source).patience)

    @property
    def patience(self) -> timedelta | None:
        """How long an order of these parts waits for money that is not here yet."""
        return max((wait for p in self.parts if (wait := source(p.source).patience)), default=None)


class Means:
    """One buyer's sources, each opened once when it is first asked; quotes as many purchases as asked without another query."""

    def __init__(self, organization, at):
        self._organization, self._at = organization, at
        self._purse = SimpleLazyObject(lambda: purse_of(organization.code) if organization else {})
        self._opened: dict[str, Opened] = {}

    @cached_property
    def _subsidies(self) -> list[OpenedSubsidy]:
        return [cast(OpenedSubsidy, self._open(source(code))) for code in subsidies()]

    def _open(self, way: Source) -> Opened:
        if way.code not in self._opened:
            self._opened[way.code] = way.open(self._organization, self._purse, self._at)
        return self._opened[way.code]

    def choices(self) -> list[Choice]:
        """What this buyer may choose to pay with inside the sources: vouchers."""
        return [choice for way in all_sources() for choice in self._open(way).choices()]

    def ways(self) -> list[Choice]:
        """The sources this buyer may put in order, as they pay unless asked otherwise."""
        return [offered for way in all_sources() if (offered := self._open(way).offered())]

    def subsidised(self, purchase: Purchase) -> int:
        """What subsidies pay of it, in fen: the same as in its quote, for whoever asks about a whole shelf."""
        left = purchase.amount
        for subsidy in self._subsidies:
            left -= subsidy.covers(purchase, left)
        return purchase.amount - left

    def quote(
        self,
        purchase: Purchase,
        *,
        chosen: frozenset[str] | None = None,
        ways: Sequence[str] | None = None,
    ) -> Quote:
        """Subsidies pay first; then the ways asked for, or what is at hand already."""
        remaining, parts = purchase.amount, []
        for code in [*subsidies(), *dict.fromkeys(at_hand() if ways is None else ways)]:
            for part in self._open(source(code)).parts(purchase, remaining, chosen=chosen):
                parts.append(part)
                remaining -= part.amount
        return Quote(purchase.amount, tuple(parts))


def orderable() -> list[str]:
    """The sources that a buyer may put in order."""
    return [way.code for way in all_sources() if not way.is_subsidy]


def holds_of(order_code: str):
    """What is set aside for an order, in paying order."""
    return FundingHold.objects.filter(order_code=order_code).order_by("position")


def awaited(order_code: str):
    """The parts of an order whose money is not here yet."""
    return holds_of(order_code).filter(paid_at=None)


def explained_holds(order_code: str) -> list[tuple[FundingHold, list[str]]]:
    """Each hold of an order with its explanation in the reader's language."""
    return [(row, source(row.source).explain(row.explanation)) for row in holds_of(order_code)]


def explained(quote: Quote) -> list[tuple[Part, list[str]]]:
    """Each part of a quote with its explanation in the reader's language."""
    return [(part, source(part.source).explain(list(part.explanation))) for part in quote.parts]


def credit_line(organization) -> CreditLine | None:
    """The contract credit that a firm has now, whether or not its date has passed."""
    return CreditLine.objects.filter(organization=organization, status=CreditLine.Status.IN_FORCE).first()


def hold_breaks(source_code: str, kind: Kind, *, owner: str) -> Iterator[str]:
    """Where what the holds of a source say is still set aside differs from its accounts; `owner` names their column."""
    rows = FundingHold.objects.filter(source=source_code).exclude(paid_at=None).values(owner)
    left = F("amount") - F("captured") - F("released")
    held = {row[owner]: row["left"] for row in rows.annotate(left=Sum(left))}
    yield from differences(kind, kept(kind), held)
