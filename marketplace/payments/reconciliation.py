"""What differs between our payments and the provider's account of them: values in, names out; no rows, no clock."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from marketplace.payments.stripe_gateway import CURRENCY

TAKEN = {"charge", "payment"}
GIVEN_BACK = {"refund", "payment_refund"}
# A refund that came back to the provider.
RETURNED = {"refund_failure", "payment_failure_refund"}
KNOWN = TAKEN | GIVEN_BACK | RETURNED | {"payout", "stripe_fee"}
# Fees are agreed in hundredths of a percent.
BASIS = 10_000


@dataclass(frozen=True)
class Ours:
    """A payment (positive fen) or a refund (negative) as our books have it, under the provider's number for it."""

    code: str
    number: str
    amount: int
    method: str
    # Too fresh for the provider's account to be complete about it.
    is_fresh: bool = False


@dataclass(frozen=True)
class Theirs:
    """A line of the provider's account, in fen of its currency."""

    entry_id: str
    kind: str
    about: str
    amount: int
    fee: int = 0
    currency: str = CURRENCY
    # Too fresh for us to have heard of it.
    is_fresh: bool = False


@dataclass(frozen=True)
class Found:
    """One difference: its name, what it is about, and both amounts."""

    kind: str
    about: str
    ours: int | None = None
    theirs: int | None = None


def differences(
    ours: Iterable[Ours], theirs: Iterable[Theirs], agreed_fees: Mapping[str, int]
) -> Iterator[Found]:
    """Every difference, once, by name. `agreed_fees` are basis points by method; unknown methods are not checked."""
    account = defaultdict(list)
    for line in theirs:
        if line.kind not in KNOWN:
            yield Found("unknown_kind", line.entry_id, None, line.amount)
        elif line.kind in TAKEN | GIVEN_BACK | RETURNED:
            account[line.about or line.entry_id].append(line)
    for one in ours:
        lines = account.pop(one.number, [])
        if lines:
            yield from _compared(one, lines, agreed_fees)
        elif not one.is_fresh:
            yield Found("missing_there", one.code, one.amount, None)
    for number, lines in account.items():
        total = sum(line.amount for line in lines)
        # A refund that came back and was sent under another number leaves nothing behind.
        if total and not any(line.is_fresh for line in lines):
            yield Found("missing_here", number, None, total)


def _compared(one: Ours, lines: list[Theirs], agreed_fees) -> Iterator[Found]:
    total = sum(line.amount for line in lines)
    once = [line for line in lines if line.kind not in RETURNED]
    if any(line.currency != CURRENCY for line in lines):
        yield Found("other_currency", one.code, one.amount, total)
    elif len(once) > 1 and total != one.amount:
        yield Found("duplicate", one.code, one.amount, total)
    elif total != one.amount:
        yield Found("other_amount", one.code, one.amount, total)
    elif one.method in agreed_fees and one.amount > 0:
        agreed = agreed_fee(one.amount, agreed_fees[one.method])
        taken = sum(line.fee for line in lines)
        if taken != agreed:
            yield Found("fee_differs", one.code, agreed, taken)


def agreed_fee(amount: int, basis_points: int) -> int:
    """Fen, half a fen rounded up."""
    return (amount * basis_points + BASIS // 2) // BASIS
