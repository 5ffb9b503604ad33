"""How every sweep goes through its rows."""

import logging

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
