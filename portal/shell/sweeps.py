"""How every sweep goes through its rows."""

import logging
from datetime import timedelta

log = logging.getLogger(__name__)
BATCH = 200


def each(rows, act) -> int:
    """Do `act` to every row; one bad row never stops the rest. How many went well."""
    done = 0
    for row in rows:
        try:
            act(row)
            done += 1
        except Exception:
            log.exception("sweep failed on %s", getattr(row, "code", row))
    return done


# How long something that failed waits for its next try; after the last one nobody tries again.
WAITS = [
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
]


def wait_after(tries: int) -> timedelta | None:
    """The pause after so many tries, or nothing when it was the last."""
    return WAITS[tries - 1] if tries <= len(WAITS) else None
