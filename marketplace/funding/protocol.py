"""What a way to pay must be able to do. Settings list the sources, as Django lists authentication backends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Protocol

from marketplace.ledger.actions import Line


class Purchase(NamedTuple):
    """What somebody wants to pay for: whole fen, before any source has paid."""

    amount: int
    buyer_district: str
    compute_districts: frozenset[str]
    is_domestic: bool
    is_self_supply: bool


class Part(NamedTuple):
    """What one source would pay, in fen, whose money it is, and why: clause → numbers → result, one line each."""

    source: str
    reference: str
    payer: str
    label: str
    amount: int
    explanation: tuple[dict, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Something a buyer may pay with: its reference and what it is called, as far as it is worth anything now."""

    reference: str
    label: str


class Opened(Protocol):
    """A source with one buyer's means loaded; asks the database nothing more."""

    def parts(self, purchase: Purchase, remaining: int, *, chosen: frozenset[str] | None) -> list[Part]:
        """What it would pay of `remaining`, at most that; `chosen` limits it to these references, None to none."""

    def choices(self) -> list[Choice]:
        """What a buyer may choose among within it; empty where there is nothing to choose."""

    def offered(self) -> Choice | None:
        """The way itself as a buyer may order it among the others; None where it cannot pay now."""


class OpenedSubsidy(Opened, Protocol):
    """Somebody else's money with one buyer's means loaded."""

    def covers(self, purchase: Purchase, remaining: int) -> int:
        """What the parts of `remaining` would come to, for whoever only asks how much."""


class Source(Protocol):
    """A way to pay."""

    code: str
    # Somebody else's money: a government programme that is billed for it afterwards.
    is_subsidy: bool
    # Where the money is not here when the order is placed: how long the order waits for `funding.actions.arrived`.
    patience: timedelta | None

    def open(self, organization, purse: Mapping[str, int], at) -> Opened:
        """Load what this buyer has, in as many queries whatever the number of purchases quoted after.

        `purse` is what the buyer's own accounts hold, in fen by kind of account.
        """

    def hold(self, order_code: str, parts: list[Part], organization, by, at) -> list[Line]:
        """Lock and check; the legs that set these parts aside. Raises Refusal when one may not be used."""

    def capture(self, reference: str, organization, amount: int, at) -> list[Line]:
        """The legs that pay `amount` from what was set aside (its own side only)."""

    def release(self, reference: str, organization, amount: int, at) -> list[Line]:
        """The legs that give `amount` of what was set aside back."""

    def refund(self, reference: str, organization, amount: int, at) -> list[Line]:
        """The legs that give `amount` of what was paid back to where it came from (its own side only)."""

    def explain(self, steps: list[dict]) -> list[str]:
        """The stored steps of an explanation, in the reader's language."""

    def payer_name(self, payer: str) -> str:
        """The name of whoever bears this money, for a statement."""

    def breaks(self) -> Iterable[str]:
        """What in this source's own rows disagrees with the ledger."""
