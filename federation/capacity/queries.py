"""How much compute the city has, where, and of which make."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr
from django.db.models import Min, Q, Sum

from federation.capacity.models import TFLOPS_PER_P, Pool
from federation.clusters.models import Cluster


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


@dataclass(frozen=True)
class Stock:
    """A provider's cards of one make wherever they stand. Those of a cluster out of reach are in it, but not free."""

    cards_total: int = 0
    cards_free: int = 0
    districts: frozenset[str] = frozenset()
    is_online: bool = False
    is_simulated: bool = False
    observed_at: datetime | None = None


def stocks(provider_ids, accelerator_ids) -> dict[tuple[int, int], Stock]:
    """By (provider, accelerator), in one query."""
    online = Q(cluster__state=Cluster.State.ONLINE)
    pools = Pool.objects.filter(cluster__provider__in=provider_ids, accelerator__in=accelerator_ids)
    rows = (
        pools.order_by()
        .values_list("cluster__provider", "accelerator")
        .annotate(
            total=Sum("cards_total"),
            free=Sum(Pool.USABLE, filter=online, default=0),
            districts=ArrayAgg("cluster__district", distinct=True),
            is_online=BoolOr(online),
            is_simulated=BoolOr(Q(cluster__adapter=Cluster.SIMULATED)),
            at=Min("observed_at", filter=online),
        )
    )
    return {
        (provider, accelerator): Stock(total, free, frozenset(districts), *known)
        for provider, accelerator, total, free, districts, *known in rows
    }


def node_size(provider, accelerator) -> int:
    """How many cards a provider's nodes of this make have."""
    pools = Pool.objects.filter(cluster__provider=provider, accelerator=accelerator)
    return max(pools.values_list("cards_per_node", flat=True), default=0)


@dataclass(frozen=True)
class City:
    """Every pool with its cluster, owner and card, and what they come to."""

    pools: list[Pool]
    whole: Supply


def city() -> City:
    """The compute of the city, read once."""
    found = City(list(Pool.objects.with_clusters().prefetch_related("accelerator")), Supply())
    for pool in found.pools:
        found.whole.add(pool)
    return found


def supply_by(pools, key) -> dict:
    """What some pools come to, apart by what `key(pool)` says, most P first."""
    parts: dict = defaultdict(Supply)
    for pool in pools:
        parts[key(pool)].add(pool)
    return dict(sorted(parts.items(), key=lambda item: -item[1].p_total))
