"""Who may take the work at all: one boolean array (P,) per reason, True = rejected for that reason."""

import numpy as np

from scheduler.engine.gang import Shape
from scheduler.engine.reasons import Reason
from scheduler.engine.request import Request
from scheduler.engine.snapshot import CONNECTING, OFFLINE, ONLINE, Snapshot
from scheduler.engine.weights import Weights


def rejections(
    snapshot: Snapshot, request: Request, shape: Shape, weights: Weights, now: float
) -> dict[Reason, np.ndarray]:
    """Every reason against every pool. An unknown cluster state counts as offline: doubt never places work."""
    pools = len(snapshot)
    nobody = np.zeros(pools, dtype=bool)
    widest = snapshot.max_gang_nodes if request.gang else np.ones(pools, dtype=np.int64)
    enough = snapshot.cards_free >= request.cards
    too_wide = shape.nodes > widest
    return {
        Reason.WRONG_ACCELERATOR: snapshot.accelerator != request.accelerator,
        Reason.OTHER_PROVIDER: snapshot.provider != request.provider if request.provider else nobody,
        Reason.CLUSTER_OFFLINE: (snapshot.state != ONLINE) & (snapshot.state != CONNECTING),
        Reason.CLUSTER_CONNECTING: snapshot.state == CONNECTING,
        Reason.STALE_DATA: (now - snapshot.observed_at > weights.max_age_seconds)
        & (snapshot.state != OFFLINE),
        Reason.HOURS_TOO_LONG: snapshot.max_hours < request.hours if request.hours else nobody,
        Reason.NOT_ENOUGH_CARDS: ~enough,
        Reason.GANG_TOO_WIDE: too_wide,
        Reason.GANG_DOES_NOT_FIT: enough & ~too_wide & ~shape.fits,
    }
