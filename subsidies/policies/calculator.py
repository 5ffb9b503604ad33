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
from typing import NamedTuple, TypedDict

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


class Facts(NamedTuple):
    """What the calculator knows of a purchase: fen, districts, and whether it is bought from oneself."""

    amount: int
    buyer_district: str
    compute_districts: frozenset[str]
    is_domestic: bool
    is_self_supply: bool


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


class Deduction(NamedTuple):
    """What one voucher pays, in fen, and the steps that led there."""

    voucher: VoucherFacts
    amount: int
    steps: tuple[Step, ...]


def allowance(rules: Rules, facts: Facts, residual: int) -> tuple[int, list[Step]]:
    """The most that one programme pays of a purchase, before its vouchers' remaining amounts are looked at."""

    def step(code, **values) -> Step:
        return {"clause": rules.clause, "code": code, "values": values}

    if facts.is_self_supply and not rules.covers_self_supply:
        return 0, [step("self_supply_not_covered")]
    if rules.level == "district":
        is_buyer = facts.buyer_district == rules.district
        is_compute = facts.compute_districts == frozenset({rules.district})
        if not (is_buyer or is_compute):
            return 0, [step("outside_district", district=rules.district)]
    if facts.amount < rules.minimum_amount:
        return 0, [step("below_minimum", amount=facts.amount, minimum=rules.minimum_amount)]
    rate, name = rules.rate, "rate"
    if facts.is_domestic and rules.domestic_rate is not None:
        rate, name = rules.domestic_rate, "domestic_rate"
    base = facts.amount if rules.base == "gross" else residual
    amount = int(base * rate)
    steps = [step(name, base=base, rate=str(rate), amount=amount)]
    if rules.order_cap is not None and amount > rules.order_cap:
        amount = rules.order_cap
        steps.append(step("order_cap", amount=amount))
    if amount > residual:
        amount = residual
        steps.append(step("nothing_left_to_pay", amount=amount))
    return amount, steps


def deductions(
    facts: Facts, vouchers: Iterable[VoucherFacts], *, residual: int | None = None
) -> list[Deduction]:
    """What each voucher pays of a purchase, in order of precedence; the sum never exceeds `residual` (default: all).

    Vouchers of one programme share the programme's allowance for the purchase.
    """
    left = facts.amount if residual is None else residual
    allowed: dict[str, tuple[int, list[Step]]] = {}
    found = []
    for voucher in sorted(vouchers, key=attrgetter("precedence")):
        if voucher.programme not in allowed:
            allowed[voucher.programme] = allowance(voucher.rules, facts, left)
        room, steps = allowed[voucher.programme]
        amount = min(room, voucher.remaining, left)
        if amount <= 0:
            continue
        used = [*steps]
        if amount == voucher.remaining < room:
            used.append(Step(clause=voucher.rules.clause, code="voucher_used_up", values={"amount": amount}))
        found.append(Deduction(voucher, amount, tuple(used)))
        allowed[voucher.programme] = (room - amount, steps)
        left -= amount
    return found
