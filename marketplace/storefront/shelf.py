"""What stands on the shelf, the same for everybody: plans with the prices in force and the cards there are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from django.conf import settings

from federation.capacity.queries import Stock, stocks
from marketplace.catalogue.models import Kind, Plan, Unit, tariff
from marketplace.catalogue.queries import LABELS
from marketplace.orders.queries import Goods, goods
from marketplace.pricing.tariffs import Tariff
from portal.shell.districts import District
from portal.shell.names import named

NONE = Stock()


@dataclass(frozen=True)
class Product:
    """A plan, what it costs, how much of it there is, and as the ways to pay see it; some are sold without a length.

    traits: for each facet, by its name, the values that this product has.
    """

    plan: Plan
    tariff: Tariff
    stock: Stock
    goods: Goods
    has_length: bool
    traits: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Facet:
    """A filter of the shelf: the values that a plan has with what there is of it, and what one of them is called."""

    name: str
    values: Callable[[Plan, Stock], Iterable[str]]
    label: Callable[[Plan, str], str]


FACETS = (
    Facet(
        "accelerator", lambda plan, _s: [plan.accelerator.code], lambda plan, _code: named(plan.accelerator)
    ),
    Facet(
        "vendor", lambda plan, _s: [plan.accelerator.vendor], lambda plan, _code: plan.accelerator.vendor_name
    ),
    Facet("district", lambda _p, stock: stock.districts, lambda _plan, code: str(District(code).label)),
    Facet("provider", lambda plan, _s: [plan.provider.code], lambda plan, _code: named(plan.provider)),
)


_kept: dict[Kind, tuple[float, list[Product]]] = {}


def products(kind: Kind, at) -> list[Product]:
    """Every product of a kind. A process keeps them for a few seconds, as long as clusters take to be asked again; whoever
    looks at one product or orders it is told its price and stock of this moment.
    """
    read_at, kept = _kept.get(kind, (0.0, []))
    if not kept or monotonic() - read_at >= settings.FRESH_SECONDS["shelf"]:
        # A shelf has few owners and few makes: each is read once.
        plans = Plan.objects.on_shelf().filter(kind=kind).prefetch_related("provider", "accelerator")
        kept = _products(plans.priced(at))
        _kept[kind] = monotonic(), kept
    return kept


def products_of(codes, at) -> list[Product]:
    """These of them, as they are now."""
    plans = Plan.objects.on_shelf().filter(code__in=codes).select_related("provider", "accelerator")
    return _products(plans.priced(at))


def _products(plans) -> list[Product]:
    stock = stocks({plan.provider_id for plan in plans}, {plan.accelerator_id for plan in plans})
    return [_product(plan, stock.get((plan.provider_id, plan.accelerator_id), NONE)) for plan in plans]


def _product(plan, stock) -> Product:
    has_length = bool(LABELS[Unit(plan.unit)][1])
    traits = {facet.name: tuple(facet.values(plan, stock)) for facet in FACETS}
    return Product(plan, tariff(plan, plan), stock, goods(plan, stock.districts), has_length, traits)
