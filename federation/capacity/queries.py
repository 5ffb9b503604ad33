"""How much compute the city has, where, and of which make."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from federation.capacity.models import TFLOPS_PER_P, Pool


@dataclass
class Supply:
    """Cards and P of some pools: in all, sold by their owners, held by our orders."""

    cards_total: int = 0
    cards_sold: int = 0
    cards_held: int = 0
    p_total: Decimal = Decimal(0)
    p_sold: Decimal = Decimal(0)
    p_held: Decimal = Decimal(0)
    p_simulated: Decimal = Decimal(0)
    observed: list[datetime] = field(default_factory=list)

    @property
    def cards_free(self) -> int:
        return self.cards_total - self.cards_sold - self.cards_held

    @property
    def p_free(self) -> Decimal:
        return self.p_total - self.p_sold - self.p_held

    @property
    def use(self) -> Decimal:
        """Per cent of the compute that is sold or held."""
        return (self.p_sold + self.p_held) * 100 / self.p_total if self.p_total else Decimal(0)

    @property
    def at(self) -> datetime | None:
        """The oldest report among those that are in."""
        return min(self.observed, default=None)

    def add(self, pool):
        per_card = pool.accelerator.fp16_tflops / TFLOPS_PER_P
        self.cards_total += pool.cards_total
        self.cards_sold += pool.cards_sold
        self.cards_held += pool.cards_held
        self.p_total += pool.cards_total * per_card
        self.p_sold += pool.cards_sold * per_card
        self.p_held += pool.cards_held * per_card
        if pool.cluster.is_simulated:
            self.p_simulated += pool.cards_total * per_card
        if pool.observed_at and pool.cluster.state == pool.cluster.State.ONLINE:
            self.observed.append(pool.observed_at)


def node_size(provider, accelerator) -> int:
    """How many cards a provider's nodes of this make have."""
    pools = Pool.objects.filter(cluster__provider=provider, accelerator=accelerator)
    return max(pools.values_list("cards_per_node", flat=True), default=0)


def all_pools() -> list[Pool]:
    """Every pool with its cluster, owner and card."""
    return list(Pool.objects.with_clusters().prefetch_related("accelerator"))


def supply(pools) -> Supply:
    """The city's compute as one number of cards and P."""
    whole = Supply()
    for pool in pools:
        whole.add(pool)
    return whole


def supply_by(pools, key) -> dict:
    """The same, apart by what `key(pool)` says, most P first."""
    parts: dict = defaultdict(Supply)
    for pool in pools:
        parts[key(pool)].add(pool)
    return dict(sorted(parts.items(), key=lambda item: -item[1].p_total))
