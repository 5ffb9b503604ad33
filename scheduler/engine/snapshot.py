"""The city's capacity at one instant, as arrays.

A pool is one accelerator type in one cluster. Nodes are kept in compressed rows: the nodes of pool p are
node_idle[node_start[p]:node_start[p + 1]]. From them a histogram of shapes is built once (how many nodes have
k idle cards), so that a decision costs O(pools), not O(nodes).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

ONLINE, CONNECTING, OFFLINE = "online", "connecting", "offline"

# Share of requests by number of cards: the GPU tasks of the public openb trace (Weng et al., ATC'23),
# whole-card view: 1 card 0.93, 2 cards 0.03, 4 cards 0.02, 8 cards 0.02.
TYPICAL_CARDS = {1: 0.93, 2: 0.03, 4: 0.02, 8: 0.02}


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One pool as a plain value: what a caller fills in. Units: cards, yuan per card-hour, epoch seconds."""

    code: str
    cluster: str
    provider: str
    accelerator: str
    cards_free: int
    cards_per_node: int
    node_idle: Sequence[int]
    state: str = ONLINE
    district: str = ""
    price: float = float("nan")
    pue: float = 2.0
    observed_at: float = 0.0
    max_gang_nodes: int = 1
    max_hours: float = float("inf")


def nodes_from_shape(shape: Mapping[int, int]) -> list[int]:
    """Anonymous nodes from a histogram {idle cards: number of nodes}, for clusters that do not show nodes."""
    return [idle for idle in sorted(shape) for _ in range(shape[idle])]


@dataclass(frozen=True)
class Snapshot:
    """Struct of arrays, never written to. P pools, N nodes, K = most cards on one node.

    code, cluster, provider, accelerator, district, state: str arrays (P,)
    cards_free, cards_per_node, max_gang_nodes: int64 (P,); price, pue, observed_at, max_hours: float64 (P,)
    node_start: int64 (P + 1,); node_idle: int64 (N,)
    """

    code: np.ndarray
    cluster: np.ndarray
    provider: np.ndarray
    accelerator: np.ndarray
    district: np.ndarray
    state: np.ndarray
    cards_free: np.ndarray
    cards_per_node: np.ndarray
    max_gang_nodes: np.ndarray
    price: np.ndarray
    pue: np.ndarray
    observed_at: np.ndarray
    max_hours: np.ndarray
    node_start: np.ndarray
    node_idle: np.ndarray
    typical_cards: Mapping[int, float] = field(default_factory=lambda: TYPICAL_CARDS)

    @classmethod
    def of(cls, rows: Iterable[PoolRow], typical_cards: Mapping[int, float] = TYPICAL_CARDS) -> "Snapshot":
        """Arrays from rows, in order of code, so that the order of the rows can never matter.

        Raises ValueError when two pools share a code, or a node claims more idle cards than it has.
        """
        rows = sorted(rows, key=lambda row: row.code)
        codes = [row.code for row in rows]
        if len(set(codes)) != len(codes):
            raise ValueError("two pools share a code")
        for row in rows:
            if row.cards_per_node < 1 or any(not 0 <= idle <= row.cards_per_node for idle in row.node_idle):
                raise ValueError(f"pool {row.code}: a node has more idle cards than cards")
        lengths = [len(row.node_idle) for row in rows]
        return cls(
            code=_text(codes),
            cluster=_text(row.cluster for row in rows),
            provider=_text(row.provider for row in rows),
            accelerator=_text(row.accelerator for row in rows),
            district=_text(row.district for row in rows),
            state=_text(row.state for row in rows),
            cards_free=_whole(row.cards_free for row in rows),
            cards_per_node=_whole(row.cards_per_node for row in rows),
            max_gang_nodes=_whole(row.max_gang_nodes for row in rows),
            price=_real(row.price for row in rows),
            pue=_real(row.pue for row in rows),
            observed_at=_real(row.observed_at for row in rows),
            max_hours=_real(row.max_hours for row in rows),
            node_start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            node_idle=_whole(idle for row in rows for idle in row.node_idle),
            typical_cards=typical_cards,
        )

    def __len__(self) -> int:
        return len(self.code)

    def idle_of(self, pool: int) -> np.ndarray:
        """Idle cards by node of one pool: int64 (nodes,)."""
        return self.node_idle[self.node_start[pool] : self.node_start[pool + 1]]

    @cached_property
    def most_per_node(self) -> int:
        return int(self.cards_per_node.max(initial=1))

    @cached_property
    def shapes(self) -> np.ndarray:
        """Nodes with exactly k idle cards: int64 (P, K + 1)."""
        width = self.most_per_node + 1
        pool_of_node = np.repeat(np.arange(len(self)), np.diff(self.node_start))
        counts = np.bincount(pool_of_node * width + self.node_idle, minlength=len(self) * width)
        return counts.reshape(len(self), width)

    @cached_property
    def nodes_with_at_least(self) -> np.ndarray:
        """Nodes with k or more idle cards: int64 (P, K + 1)."""
        return np.cumsum(self.shapes[:, ::-1], axis=1)[:, ::-1]

    @cached_property
    def whole_nodes(self) -> np.ndarray:
        """Nodes with every card idle: int64 (P,)."""
        return self.shapes[np.arange(len(self)), self.cards_per_node]

    @cached_property
    def tightest(self) -> np.ndarray:
        """Smallest idle count k' >= k that some node has, K + 1 when none: int64 (P, K + 1)."""
        width = self.most_per_node + 1
        present = np.where(self.shapes > 0, np.arange(width), width)
        return np.minimum.accumulate(present[:, ::-1], axis=1)[:, ::-1]

    @cached_property
    def stranded(self) -> np.ndarray:
        """Expected stranded cards on a node with k idle, for a typical request: float64 (P, K + 2).

        FGD's measure F(node) on whole cards: k x share of requests that need more than k cards of this node.
        A request wider than a node takes whole nodes, so a wholly idle node strands nothing.
        """
        sizes = np.array(list(self.typical_cards), dtype=np.int64)
        shares = np.array(list(self.typical_cards.values()), dtype=np.float64)
        idle = np.arange(self.most_per_node + 2)
        needed = np.minimum(sizes[None, None, :], self.cards_per_node[:, None, None])
        return idle * ((needed > idle[None, :, None]) * shares).sum(axis=2)


def _text(values) -> np.ndarray:
    return np.array(list(values), dtype=np.str_)


def _whole(values) -> np.ndarray:
    return np.array(list(values), dtype=np.int64)


def _real(values) -> np.ndarray:
    return np.array(list(values), dtype=np.float64)
