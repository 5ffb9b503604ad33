"""What a month will have cost. Pure: whole fen and instants in, whole fen out."""

from datetime import datetime, timedelta

TICK = timedelta(microseconds=1)


def at_this_pace(spent: int, start: datetime, now: datetime, end: datetime, committed: int) -> int:
    """Fen at the month's end: what is spent, stretched over the whole month, and what open orders still hold.

    A run rate (straight-line extrapolation) plus known commitments; half a fen is rounded up. Raises ValueError unless
    start < now <= end.
    """
    if not start < now <= end:
        raise ValueError("now lies within the month")
    whole, passed = (end - start) // TICK, (now - start) // TICK
    return (2 * spent * whole + passed) // (2 * passed) + committed
