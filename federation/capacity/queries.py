"""How much compute the city has, where, and of which make."""

from collections import defaultdict
from dataclasses import astuple, dataclass
from datetime import datetime
from decimal import Decimal
from operator import add

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr
from django.db.models import Min, Q, Sum

from federation.capacity.models import Accelerator, Pool, petaflops_of, sums
from federation.clusters.models import Cluster


@dataclass(frozen=True)
class Supply:
    """Cards and P of some pools: in all, sold by their owners, held by our orders; `at` is the oldest report that is in."""

    cards_total: int = 0
    cards_sold: int = 0
    cards_held: int = 0
    p_total: Decimal = Decimal(0)
    p_sold: Decimal = Decimal(0)
    p_held: Decimal = Decimal(0)
    p_simulated: Decimal = Decimal(0)
    at: datetime | None = None

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

    def __add__(self, other: "Supply") -> "Supply":
        *mine, _at = astuple(self)
        *theirs, _at = astuple(other)
        oldest = min((at for at in (self.at, other.at) if at), default=None)
        return Supply(*[*map(add, mine, theirs), oldest])


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
    """The compute of the city and of its parts, most P first."""

    whole: Supply
    clusters: dict[Cluster, Supply]
    accelerators: dict[Accelerator, Supply]

    @property
    def districts(self) -> dict[str, Supply]:
        parts: dict[str, Supply] = defaultdict(Supply)
        for cluster, part in self.clusters.items():
            parts[cluster.district] += part
        return parts


def city() -> City:
    """As the database adds it up: as many rows as there are clusters and cards, however many pools."""
    clusters = _supply_by("cluster", Cluster.objects.select_related("provider"))
    return City(
        sum(clusters.values(), Supply()), clusters, _supply_by("accelerator", Accelerator.objects.all())
    )


def _supply_by(relation: str, whose) -> dict:
    rows = (
        Pool.objects.order_by()
        .values_list(relation)
        .annotate(
            **sums(),
            p_simulated=petaflops_of("cards_total", filter=Q(cluster__adapter=Cluster.SIMULATED)),
            at=Min("observed_at", filter=Q(cluster__state=Cluster.State.ONLINE)),
        )
    )
    parts = {key: Supply(*numbers) for key, *numbers in rows}
    known = {one: parts[one.id] for one in whose if one.id in parts}
    return dict(sorted(known.items(), key=lambda item: -item[1].p_total))
