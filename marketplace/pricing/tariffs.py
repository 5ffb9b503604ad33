"""From a price list and a quantity to whole fen: units, packages, tiers, calendar months, commitments.

Pure: no Django, no clock. Money is int fen, prices are Decimal yuan per unit, quantities are exact Fractions of a unit.
Packages (套餐计价) are counted whole: one that is begun is paid for. Tiers are graduated (阶梯计价): each price holds for
the part of the quantity above its threshold, never for all of it.
Every amount is rounded once, half a fen up (commercial rounding, GB/T 8170 method 3.2.2 rounded at five).
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from math import ceil

FEN_PER_YUAN = 100
SECOND = timedelta(seconds=1)


class Unit(StrEnum):
    """What a price is the price of."""

    CARD_HOUR = "card_hour"
    CARD_DAY = "card_day"
    CARD_MONTH = "card_month"
    NODE_MONTH = "node_month"
    MILLION_TOKENS = "million_tokens"
    PIECE = "piece"


MONTHLY = frozenset({Unit.CARD_MONTH, Unit.NODE_MONTH})
SECONDS = {Unit.CARD_HOUR: 3600, Unit.CARD_DAY: 86400}


@dataclass(frozen=True)
class Tariff:
    """The price of a unit, in packages of how many, what it falls to above which quantities, and what a term is worth.

    tiers: (threshold, price) pairs, thresholds rising from above 0 and prices falling from `price`.
    package: units in one; units are rounded up to whole packages first, then priced, so that each tier begins with one.
    term: months promised; who leaves before pays `early_price` for each unit used, never more than the term costs.
    Raises TypeError for a float and ValueError for a list that cannot be.
    """

    unit: Unit
    price: Decimal
    tiers: tuple[tuple[Decimal, Decimal], ...] = ()
    term: int = 0
    early_price: Decimal | None = None
    package: int | None = None

    def __post_init__(self):
        numbers = [self.price, *(number for tier in self.tiers for number in tier)]
        if any(isinstance(number, float) for number in [*numbers, self.early_price]):
            raise TypeError("prices and thresholds are Decimal")
        steps = [(Decimal(0), self.price), *self.tiers]
        for (before, dear), (threshold, price) in zip(steps, steps[1:], strict=False):
            if not (threshold > before and 0 <= price < dear):
                raise ValueError("thresholds rise and prices fall")
        if self.package is not None and self.package < 1:
            raise ValueError("a package holds something")
        if self.package and any(threshold % self.package for threshold, _price in self.tiers):
            raise ValueError("a tier begins with a package")
        if self.price < 0 or self.term < 0 or bool(self.term) != (self.early_price is not None):
            raise ValueError("no price is negative, and a term has a price for leaving early")
        if self.early_price is not None and self.early_price < self.price:
            raise ValueError("leaving early is never cheaper")

    @cached_property
    def _first(self) -> Fraction:
        return Fraction(self.price)

    def counted(self, quantity: Fraction) -> Fraction:
        """Units to pay for: those used, or all of each package begun."""
        if quantity.numerator < 0:
            raise ValueError("a quantity is not negative")
        return Fraction(ceil(quantity / self.package) * self.package) if self.package else quantity

    def parts(self, quantity: Fraction) -> list[tuple[Fraction, Decimal]]:
        """The units counted in each tier that they reach, with that tier's price: what a formula shows."""
        quantity = self.counted(quantity)
        steps = [(Fraction(0), self.price), *((Fraction(above), price) for above, price in self.tiers)]
        ends = [above for above, _price in steps[1:]] + [quantity]
        return [
            (min(quantity, end) - above, price)
            for (above, price), end in zip(steps, ends, strict=True)
            if quantity > above
        ]

    def rate(self, quantity: Fraction) -> int:
        """Fen for so many units. The lines of a use bill `rate(after) - rate(before)`, so that they sum to the whole."""
        if self.tiers:
            return _fen(sum((Fraction(price) * part for part, price in self.parts(quantity)), Fraction(0)))
        price, counted = self._first, self.counted(quantity)
        # What is only rounded needs no reducing: a shelf is a thousand of these.
        return _rounded(price.numerator * counted.numerator, price.denominator * counted.denominator)

    def rate_ended(self, quantity: Fraction, count: int) -> int:
        """Fen in all for `count` cards or nodes given up after so many units: before the term is over, at the dearer price,
        but never more than the term.
        """
        if self.early_price is None:
            return self.rate(quantity)
        early = _fen(Fraction(self.early_price) * self.counted(quantity))
        return min(early, self.rate(max(quantity, Fraction(count * self.term))))


def _fen(yuan: Fraction) -> int:
    return _rounded(yuan.numerator, yuan.denominator)


def _rounded(yuan: int, parts: int) -> int:
    return (2 * FEN_PER_YUAN * yuan // parts + 1) // 2


def card_hours(cards: int, seconds: int) -> Fraction:
    """Cards held for whole seconds, in card-hours. Raises ValueError for a negative one."""
    if cards < 0 or seconds < 0:
        raise ValueError("cards and seconds are not negative")
    return Fraction(cards * seconds, SECONDS[Unit.CARD_HOUR])


def after(unit: Unit, since: datetime, periods: int) -> datetime:
    """The moment when so many hours, days or months from `since` are over, on the calendar that `since` is written in.

    A month ends on its day of the next month, or on the last day of one that is too short.
    """
    if unit not in MONTHLY:
        return since + periods * SECONDS[unit] * SECOND
    months = since.month - 1 + periods
    year, month = since.year + months // 12, months % 12 + 1
    return since.replace(year=year, month=month, day=min(since.day, monthrange(year, month)[1]))


def elapsed(unit: Unit, since: datetime, moment: datetime) -> Fraction:
    """Hours, days or months from `since` to `moment`, to the whole second: a month of 28–31 days is exactly one.

    Raises ValueError where `moment` is earlier.
    """
    if moment < since:
        raise ValueError("time does not run backwards")
    if unit not in MONTHLY:
        return Fraction((moment - since) // SECOND, SECONDS[unit])
    local = moment.astimezone(since.tzinfo)
    whole = (local.year - since.year) * 12 + local.month - since.month
    whole -= after(unit, since, whole) > moment
    begun = after(unit, since, whole)
    return whole + Fraction((moment - begun) // SECOND, (after(unit, since, whole + 1) - begun) // SECOND)


def read_tiers(text: str) -> tuple[tuple[Decimal, Decimal], ...]:
    """Tiers as typed: `100:13.5;1000:12` is 13.5 yuan for what lies above 100 units, 12 above 1,000. Raises ValueError."""
    pairs = [
        part.split(":") for part in text.replace("：", ":").replace("；", ";").split(";") if part.strip()
    ]
    try:
        tiers = tuple((Decimal(above.strip()), Decimal(price.strip())) for above, price in pairs)
    except InvalidOperation as wrong:
        raise ValueError("tiers are pairs of numbers") from wrong
    if any(not number.is_finite() for tier in tiers for number in tier):
        raise ValueError("tiers are finite")
    return tiers


def write_tiers(tiers: Iterable[Iterable[Decimal]]) -> str:
    """Tiers as they are typed."""
    return ";".join(f"{plain(above)}:{plain(price)}" for above, price in tiers)


def plain(number: Decimal) -> str:
    """A number as it is typed, without needless zeros."""
    return f"{number.normalize():f}"
