"""From an amount to whole shares of it.

Pure: no Django, no clock. Money is int fen.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal


def half_up(part: int, whole: int) -> int:
    """The quotient of whole fen, half a fen up; 0 of nothing. Raises ValueError for a negative one."""
    if part < 0 or whole < 0:
        raise ValueError("shares are not negative")
    return (2 * part + whole) // (2 * whole) if whole else 0


def commission_on(gross: int, commission_rate: Decimal) -> int:
    """The platform's commission on `gross` fen at a rate in [0, 1], half a fen up; the provider gets the rest."""
    if not 0 <= commission_rate <= 1:
        raise ValueError("a commission rate lies between 0 and 1")
    return int((gross * commission_rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def share(amount: int, whole: int, parts: Sequence[int]) -> list[int]:
    """What each of `parts` of `whole` pays when only `amount` of it is used, in fen.

    Largest remainders (Hare–Niemeyer): every share is its exact proportion rounded down or up, no part pays more than
    itself, and the shares sum to `amount`. Odd fen fall to the largest remainders, the later part first where they are
    equal. Raises ValueError unless `parts` sum to `whole` and 0 <= amount <= whole.
    """
    if sum(parts) != whole or not 0 <= amount <= whole:
        raise ValueError("parts must sum to the whole, and the amount lie within it")
    if whole == 0:
        return [0] * len(parts)
    shares = [part * amount // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda n: (parts[n] * amount % whole, n), reverse=True)
    for n in by_remainder[: amount - sum(shares)]:
        shares[n] += 1
    return shares
