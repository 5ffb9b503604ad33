"""Gang shapes: all cards at once or none. A gang takes whole nodes first, then one node for the rest."""

from dataclasses import dataclass

import numpy as np

from scheduler.engine.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Shape:
    """How a number of cards lies on each pool's nodes; every array is (P,).

    whole    nodes taken with all their cards
    rest     cards on one further node, 0 when none
    fits     the nodes' shape allows it now
    tightest idle cards of the best-fitting node for the rest (meaningless where fits is False or rest is 0)
    """

    whole: np.ndarray
    rest: np.ndarray
    fits: np.ndarray
    tightest: np.ndarray

    @property
    def nodes(self) -> np.ndarray:
        return self.whole + (self.rest > 0)


def shape(snapshot: Snapshot, cards: int) -> Shape:
    """Whole nodes plus one best-fit node, for every pool at once. O(P)."""
    pools = np.arange(len(snapshot))
    whole, rest = np.divmod(cards, snapshot.cards_per_node)
    enough_whole = snapshot.whole_nodes >= whole
    enough_with_rest = snapshot.nodes_with_at_least[pools, rest] >= whole + 1
    fits = enough_whole & ((rest == 0) | enough_with_rest)
    return Shape(whole=whole, rest=rest, fits=fits, tightest=snapshot.tightest[pools, rest])


def allocate(snapshot: Snapshot, pool: int, cards: int) -> tuple[tuple[int, int], ...]:
    """(node, cards) pairs for one pool that fits; ties go to the smallest node number.

    Raises ValueError when the gang does not fit: nothing is ever allocated in part.
    """
    idle = snapshot.idle_of(pool)
    per_node = int(snapshot.cards_per_node[pool])
    whole, rest = divmod(cards, per_node)
    full = np.flatnonzero(idle == per_node)
    if len(full) < whole:
        raise ValueError("the gang does not fit")
    pairs = [(int(node), per_node) for node in full[:whole]]
    if rest:
        open_nodes = np.where(idle >= rest, idle, per_node + 1)
        open_nodes[full[:whole]] = per_node + 1
        node = int(np.argmin(open_nodes)) if len(open_nodes) else -1
        if node < 0 or open_nodes[node] > per_node:
            raise ValueError("the gang does not fit")
        pairs.append((node, rest))
    return tuple(sorted(pairs))
