"""What a provider is paid for a period, and why. Pure: no Django, no clock, no I/O.

Money is int fen; rates are Decimal in [0, 1]; every rate's amount is rounded half up to the fen, once for the whole statement.
The deductions follow one another: the penalty is a share of the gross and never more than what was earned, the tax is
a share of what is left after it, the retention a share of what is left after both. Nobody is penalised, taxed or kept
short on a period in which more went back to buyers than was earned.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

WHOLE = Decimal(1)


@dataclass(frozen=True)
class Band:
    """Delivered less than this share of what was asked: this share of the gross is deducted."""

    below: Decimal
    rate: Decimal


@dataclass(frozen=True)
class Deal:
    """The terms in force for a provider: shares, and the bands of its service level agreement in any order."""

    tax_rate: Decimal = Decimal(0)
    retention_rate: Decimal = Decimal(0)
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True)
class Period:
    """What a period brought, in fen and card-seconds.

    delivered, failed: card-seconds that ran, and those that were free because the provider failed. carried: what earlier
    statements left below zero (≤ 0). adjusted: approved corrections. released: retentions that have run out.
    """

    gross: int
    commission: int
    delivered: int = 0
    failed: int = 0
    carried: int = 0
    adjusted: int = 0
    released: int = 0


@dataclass(frozen=True)
class Amounts:
    """A statement's figures in fen: net = gross − commission − penalty − tax − retention; due may be negative."""

    availability: Decimal
    penalty: int
    tax: int
    retention: int
    net: int
    due: int


def availability(delivered: int, failed: int) -> Decimal:
    """The share of the card-seconds asked of a provider that it delivered, to six places; 1 where nothing was asked."""
    asked = delivered + failed
    return (Decimal(delivered) / asked if asked else WHOLE).quantize(Decimal("0.000001"))


def penalty_rate(bands: Iterable[Band], share: Decimal) -> Decimal:
    """The highest rate among the bands that a delivered share falls into."""
    return max((band.rate for band in bands if share < band.below), default=Decimal(0))


def amounts(period: Period, deal: Deal) -> Amounts:
    """A provider's statement for a period under a deal."""
    earned = period.gross - period.commission
    share = availability(period.delivered, period.failed)
    penalty = min(_part(period.gross, penalty_rate(deal.bands, share)), max(earned, 0))
    tax = _part(earned - penalty, deal.tax_rate)
    retention = _part(earned - penalty - tax, deal.retention_rate)
    net = earned - penalty - tax - retention
    due = net + period.carried + period.adjusted + period.released
    return Amounts(share, penalty, tax, retention, net, due)


def is_a_leap(gross: int, past: list[int], *, most: Decimal, least_periods: int) -> bool:
    """Has a provider's total moved further from the median of its past periods than `most` times that median?"""
    if len(past) < least_periods:
        return False
    usual = median(map(Decimal, past))
    return abs(gross - usual) > abs(usual) * most


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _part(amount: int, rate: Decimal) -> int:
    return int((max(amount, 0) * rate).quantize(WHOLE, rounding=ROUND_HALF_UP))
