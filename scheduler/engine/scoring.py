"""How good each pool would be: named parts in [0, 1], each an array (P,). Only feasible rows mean anything."""

import numpy as np

from scheduler.engine.gang import Shape
from scheduler.engine.request import Request
from scheduler.engine.snapshot import Snapshot
from scheduler.engine.weights import PARTS, Weights


def parts(
    snapshot: Snapshot, request: Request, shape: Shape, feasible: np.ndarray, weights: Weights, now: float
) -> dict[str, np.ndarray]:
    """Score parts by name, in the order of weights.PARTS."""
    return {
        "price": price(snapshot, feasible),
        "district": district(snapshot, request),
        "fragment": fragment(snapshot, shape),
        "energy": np.clip(2.0 - snapshot.pue, 0.0, 1.0),
        "freshness": np.clip(1.0 - (now - snapshot.observed_at) / weights.max_age_seconds, 0.0, 1.0),
        "best_fit": best_fit(snapshot, shape),
    }


def total(parts_by_name: dict[str, np.ndarray], weights: Weights) -> np.ndarray:
    """Weighted sum (P,), rounded to 1e-9 so that equal pools tie exactly and the smallest code wins."""
    score = sum(getattr(weights, name) * parts_by_name[name] for name in PARTS)
    return np.round(score, 9)


def price(snapshot: Snapshot, feasible: np.ndarray) -> np.ndarray:
    """Cheapest feasible price / this price. An unknown price scores 0 and is no yardstick."""
    known = feasible & np.isfinite(snapshot.price) & (snapshot.price > 0)
    if not known.any():
        return np.zeros(len(snapshot))
    cheapest = snapshot.price[known].min()
    return np.where(known, cheapest / np.where(known, snapshot.price, 1.0), 0.0)


def district(snapshot: Snapshot, request: Request) -> np.ndarray:
    """1 in the district asked for."""
    return (
        (snapshot.district == request.district).astype(np.float64)
        if request.district
        else np.zeros(len(snapshot))
    )


def fragment(snapshot: Snapshot, shape: Shape) -> np.ndarray:
    """Fragmentation gradient descent (Weng et al., "Beware of Fragmentation", USENIX ATC 2023) on whole cards.

    0.5 when the placement strands as much as before, more when it uses up stranded cards, less when it makes
    new ones: 0.5 - (F after - F before) / (2 x cards per node). Whole nodes taken strand nothing either way.
    """
    pools = np.arange(len(snapshot))
    width = snapshot.stranded.shape[1] - 1
    before = np.minimum(shape.tightest, width)
    after = np.clip(shape.tightest - shape.rest, 0, width)
    change = snapshot.stranded[pools, after] - snapshot.stranded[pools, before]
    change = np.where(shape.rest > 0, change, 0.0)
    return np.clip(0.5 - change / (2.0 * snapshot.cards_per_node), 0.0, 1.0)


def best_fit(snapshot: Snapshot, shape: Shape) -> np.ndarray:
    """1 - cards left idle on the node that takes the rest / cards per node."""
    left = np.where(shape.rest > 0, shape.tightest - shape.rest, 0)
    return np.clip(1.0 - left / snapshot.cards_per_node, 0.0, 1.0)
