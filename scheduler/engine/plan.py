"""One decision: filter, score, place. Deterministic; no clock, no I/O."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scheduler.engine import filters, gang, scoring
from scheduler.engine.reasons import Reason
from scheduler.engine.request import Request
from scheduler.engine.snapshot import Snapshot
from scheduler.engine.weights import PARTS, Weights

ENGINE_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One pool's side of the story. rank is 1 for the chosen pool, None for a rejected one."""

    pool: str
    cluster: str
    provider: str
    cards_free: int
    reasons: tuple[Reason, ...]
    parts: dict[str, float]
    score: float | None
    rank: int | None

    @property
    def is_feasible(self) -> bool:
        return self.rank is not None


@dataclass(frozen=True)
class Decision:
    """Where the work goes, on which nodes, and why. chosen is None when no pool can take all of it."""

    snapshot: Snapshot
    chosen: str | None
    allocation: tuple[tuple[int, int], ...]
    order: np.ndarray
    rejected: dict[Reason, np.ndarray]
    parts: dict[str, np.ndarray]
    score: np.ndarray

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every pool, best first, then the rejected ones by code. Built only when somebody asks."""
        # Plain lists: reading single numbers out of arrays would cost more than the decision itself.
        codes, clusters = self.snapshot.code.tolist(), self.snapshot.cluster.tolist()
        providers, free = self.snapshot.provider.tolist(), self.snapshot.cards_free.tolist()
        names = list(self.rejected)
        masks = np.array(list(self.rejected.values())).T.tolist()
        told = []
        order = self.order.tolist()
        values = np.round(np.array([self.parts[name] for name in PARTS])[:, self.order], 6).T.tolist()
        scores = self.score[self.order].tolist()
        for rank, (pool, parts, score) in enumerate(zip(order, values, scores), start=1):
            reasons = (Reason.CHOSEN if rank == 1 else Reason.OUTSCORED,)
            parts = dict(zip(PARTS, parts))
            told.append(
                Candidate(
                    codes[pool], clusters[pool], providers[pool], free[pool], reasons, parts, score, rank
                )
            )
        feasible = set(order)
        for pool, row in enumerate(masks):
            if pool not in feasible:
                reasons = tuple(name for name, is_so in zip(names, row) if is_so)
                told.append(
                    Candidate(
                        codes[pool], clusters[pool], providers[pool], free[pool], reasons, {}, None, None
                    )
                )
        return tuple(told)


def plan(snapshot: Snapshot, request: Request, weights: Weights | None = None, now: float = 0.0) -> Decision:
    """Choose one pool for the whole request, or none.

    now: epoch seconds, the same clock as snapshot.observed_at. Cost O(pools) after the snapshot's first use.
    The best score wins; equal scores go to the smallest pool code. A gang is placed whole or not at all.
    """
    weights = weights or Weights()
    shape = gang.shape(snapshot, request.cards)
    rejected = filters.rejections(snapshot, request, shape, weights, now)
    feasible = ~np.logical_or.reduce(list(rejected.values()))
    parts = scoring.parts(snapshot, request, shape, feasible, weights, now)
    score = scoring.total(parts, weights)
    candidates = np.flatnonzero(feasible)
    # Pools are sorted by code, and a stable sort keeps that order among equals.
    order = candidates[np.argsort(-score[candidates], kind="stable")]
    if not len(order):
        return Decision(snapshot, None, (), order, rejected, parts, score)
    best = int(order[0])
    return Decision(
        snapshot=snapshot,
        chosen=str(snapshot.code[best]),
        allocation=gang.allocate(snapshot, best, request.cards),
        order=order,
        rejected=rejected,
        parts=parts,
        score=score,
    )
