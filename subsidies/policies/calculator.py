"""What vouchers pay of one purchase, and why. Pure: no Django, no clock, no I/O.

Money is int fen, rates are Decimal in [0, 1]. Rounding is down to the fen for each programme (policies.md §4 default).
The order of precedence is district before city, then the earliest expiry, then the code.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple, Protocol, TypedDict

LEVELS = ("district", "city")
BASES = ("gross", "residual")


class BadRules(ValueError):
    """The rules of a policy contradict themselves; `problems` names each field and what is wrong with it."""

    def __init__(self, problems: dict[str, str]):
        super().__init__(", ".join(f"{k}: {v}" for k, v in problems.items()))
        self.problems = problems


@dataclass(frozen=True)
class Rules:
    """One version of a policy.

    level: who pays first. district: for a district policy, the district of the buyer or of the compute.
    rate: share of the base in force; rate_ceiling: the most the text allows. domestic_rate: the rate for domestic
    accelerators, None for the same. base: the whole amount, or what the vouchers before left.
    minimum_amount: purchases below it (fen) get nothing. order_cap: the most for one order (fen), None for no cap.
    """

    clause: str
    level: str
    rate: Decimal
    rate_ceiling: Decimal
    district: str = ""
    domestic_rate: Decimal | None = None
    base: str = "gross"
    minimum_amount: int = 0
    order_cap: int | None = None
    covers_self_supply: bool = False

    def __post_init__(self):
        problems = {}
        if self.level not in LEVELS:
            problems["level"] = "unknown"
        if self.base not in BASES:
            problems["base"] = "unknown"
        if (self.level == "district") != bool(self.district):
            problems["district"] = "district_level_needs_a_district"
        if not 0 < self.rate_ceiling <= 1:
            problems["rate_ceiling"] = "out_of_range"
        for name in ("rate", "domestic_rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= self.rate_ceiling:
                problems[name] = "above_ceiling"
        if self.minimum_amount < 0:
            problems["minimum_amount"] = "negative"
        if self.order_cap is not None and self.order_cap <= 0:
            problems["order_cap"] = "not_positive"
        if problems:
            raise BadRules(problems)

    @classmethod
    def from_json(cls, data: dict) -> "Rules":
        """Rates travel as decimal strings."""
        values = dict(data)
        for name in ("rate", "rate_ceiling", "domestic_rate"):
            if values.get(name) is not None:
                values[name] = Decimal(values[name])
        return cls(**values)

    def to_json(self) -> dict:
        return {k: str(v) if isinstance(v, Decimal) else v for k, v in self.__dict__.items()}


class Facts(Protocol):
    """What the calculator knows of a purchase: fen, districts, and whether it is bought from oneself."""

    @property
    def amount(self) -> int: ...
    @property
    def buyer_district(self) -> str: ...
    @property
    def compute_districts(self) -> frozenset[str]: ...
    @property
    def is_domestic(self) -> bool: ...
    @property
    def is_self_supply(self) -> bool: ...


@dataclass(frozen=True)
class VoucherFacts:
    """What a voucher can still pay (fen), until when, under which programme's rules."""

    code: str
    programme: str
    rules: Rules
    remaining: int
    expires_at: datetime

    @cached_property
    def precedence(self) -> tuple:
        """District before city, then the earliest expiry, then the code."""
        return LEVELS.index(self.rules.level), self.expires_at, self.code


class Step(TypedDict):
    """One line of an explanation, as it is kept with what was paid: which clause said what, with which numbers."""

    clause: str
    code: str
    values: dict


class Allowance(NamedTuple):
    """The most that one programme pays of a purchase, before its vouchers' remaining amounts are looked at.

    base: fen that the rate is applied to. bounds: what limits it, one after the other, and how many fen each leaves.
    """

    rules: Rules
    base: int
    rate: Decimal
    bounds: tuple[tuple[str, int], ...]

    @property
    def amount(self) -> int:
        return self.bounds[-1][1]

    @property
    def steps(self) -> list[Step]:
        first, *others = (
            Step(clause=self.rules.clause, code=code, values={"amount": amount})
            for code, amount in self.bounds
        )
        first["values"] = {"base": self.base, "rate": str(self.rate)} | first["values"]
        return [first, *others]


class Deduction(NamedTuple):
    """What one voucher pays, in fen, of what its programme had left to give for this purchase."""

    voucher: VoucherFacts
    amount: int
    room: int
    allowance: Allowance

    @property
    def steps(self) -> list[Step]:
        """How it comes about."""
        steps = self.allowance.steps
        if self.amount == self.voucher.remaining < self.room:
            used_up = {"amount": self.amount}
            steps.append(Step(clause=self.voucher.rules.clause, code="voucher_used_up", values=used_up))
        return steps


def _covers(rules: Rules, facts: Facts) -> bool:
    if facts.is_self_supply and not rules.covers_self_supply:
        return False
    if rules.district and facts.buyer_district != rules.district:
        return facts.compute_districts == frozenset({rules.district})
    return True


def allowance(rules: Rules, facts: Facts, residual: int) -> Allowance | None:
    """What this programme allows; None where it does not pay for such a purchase."""
    if facts.amount < rules.minimum_amount or not _covers(rules, facts):
        return None
    name, rate = "rate", rules.rate
    if facts.is_domestic and rules.domestic_rate is not None:
        name, rate = "domestic_rate", rules.domestic_rate
    base = facts.amount if rules.base == "gross" else residual
    amount = int(base * rate)
    bounds = ((name, amount),)
    if rules.order_cap is not None and amount > rules.order_cap:
        amount = rules.order_cap
        bounds += (("order_cap", amount),)
    if amount > residual:
        bounds += (("nothing_left_to_pay", residual),)
    return Allowance(rules, base, rate, bounds)


def deductions(
    facts: Facts, vouchers: Iterable[VoucherFacts], *, residual: int | None = None
) -> list[Deduction]:
    """What each voucher pays of a purchase, in order of precedence; the sum never exceeds `residual` (default: all).

    Vouchers of one programme share the programme's allowance for the purchase.
    """
    left = facts.amount if residual is None else residual
    allowed: dict[str, tuple[Allowance | None, int]] = {}
    found = []
    for voucher in sorted(vouchers, key=attrgetter("precedence")):
        if voucher.programme not in allowed:
            most = allowance(voucher.rules, facts, left)
            allowed[voucher.programme] = most, most.amount if most else 0
        most, room = allowed[voucher.programme]
        amount = min(room, voucher.remaining, left)
        if most and amount > 0:
            found.append(Deduction(voucher, amount, room, most))
            allowed[voucher.programme] = most, room - amount
            left -= amount
    return found
