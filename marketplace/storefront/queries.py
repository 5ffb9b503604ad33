"""The shelf with what is free now and what it costs this buyer: the same number of queries whatever the shelf's length."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import prefetch_related_objects
from django.utils import timezone

from federation.capacity.models import Pool
from marketplace.catalogue.models import Kind, Plan, Unit, tariff
from marketplace.catalogue.queries import LABELS, package_words, price_notes, term_words
from marketplace.funding.queries import Means, Quote
from marketplace.orders.queries import purchase
from marketplace.pricing.tariffs import Tariff
from portal.shell.districts import District
from portal.shell.names import named


@dataclass(frozen=True)
class Offer:
    """A plan as one buyer sees it: what is free, where, and the price before and after vouchers."""

    plan: Plan
    tariff: Tariff
    count: int
    length: Decimal
    cards_free: int
    cards_total: int
    districts: frozenset[str]
    is_simulated: bool
    is_online: bool
    observed_at: datetime | None
    quote: Quote

    @property
    def district_names(self) -> list[str]:
        return [str(District(d).label) for d in sorted(self.districts)]

    @property
    def quantity(self) -> Fraction:
        """Units asked for."""
        return self.count * Fraction(self.length)

    @property
    def labels(self) -> tuple:
        return LABELS[Unit(self.plan.unit)]

    @property
    def size(self) -> str:
        return self.plan.size_words(self.count, self.length)

    @property
    def most(self) -> str:
        """The largest order it takes."""
        return self.plan.size_words(self.plan.cards_max, Decimal(self.plan.length_max))

    @property
    def term_words(self) -> str:
        return term_words(self.plan, self.plan)

    @property
    def unit_price(self) -> Decimal:
        """Yuan for the first unit."""
        return self.tariff.price

    @property
    def unit_price_after(self) -> Decimal:
        """Yuan per unit paid for after vouchers, for the size and time asked for."""
        fen = Fraction(self.quote.cash) / self.tariff.counted(self.quantity)
        return Decimal(fen.numerator) / fen.denominator / 100

    @property
    def package_words(self) -> str:
        return package_words(self.plan, self.plan)

    @property
    def price_notes(self) -> list[str]:
        return price_notes(self.plan, self.plan)

    @property
    def steps(self) -> list[tuple[Decimal, Decimal, int]]:
        """How the amount comes about: units, their price, fen; the last takes what rounding left."""
        steps, before = [], Fraction(0)
        for part, price in self.tariff.parts(self.quantity):
            amount = self.tariff.rate(before + part) - self.tariff.rate(before)
            steps.append((Decimal(part.numerator) / part.denominator, price, amount))
            before += part
        return steps


def offers(
    organization,
    at,
    *,
    cards: int = 1,
    hours: Decimal = Decimal(1),
    code: str | None = None,
    kind: Kind = Kind.BATCH,
    means: Means | None = None,
) -> list[Offer]:
    """Every offer of a kind on the shelf, priced for this buyer, this many cards and this long."""
    plans = Plan.objects.on_shelf().priced(at).select_related("accelerator")
    plans = list(plans.filter(kind=kind) if code is None else plans.filter(code=code))
    pools = _pools_of(plans)
    districts = {key: frozenset(p.cluster.district for p in mine) for key, mine in pools.items()}
    means = means or Means(organization, at)
    return [
        _offer(
            plan,
            pools[plan.provider_id, plan.accelerator_id],
            organization,
            at,
            cards,
            hours,
            districts,
            means,
        )
        for plan in plans
    ]


def _pools_of(plans) -> dict[tuple[int, int], list[Pool]]:
    """The pools that serve each (provider, accelerator); the plans are given their owners on the way."""
    pools = defaultdict(list)
    rows = Pool.objects.filter(accelerator__in={plan.accelerator_id for plan in plans})
    # For one plan a join saves a question; for a thousand it would read the same clusters again and again.
    rows = rows.with_clusters() if len(plans) > 1 else rows.select_related("cluster__provider")
    for pool in rows:
        pools[pool.cluster.provider_id, pool.accelerator_id].append(pool)
    owners = {pool.cluster.provider_id: pool.cluster.provider for pool in rows}
    for plan in plans:
        if plan.provider_id in owners:
            plan.provider = owners[plan.provider_id]
    prefetch_related_objects([plan for plan in plans if plan.provider_id not in owners], "provider")
    return pools


def _offer(plan, pools, organization, at, cards, hours, districts, means) -> Offer:
    online = [pool for pool in pools if pool.cluster.state == pool.cluster.State.ONLINE]
    prices = tariff(plan, plan)
    # A plan that asks no length is sold by the count alone.
    length = hours if LABELS[Unit(plan.unit)][1] else Decimal(1)
    amount = prices.rate(cards * Fraction(length))
    bought = purchase(organization, plan, amount, at, districts=districts)
    return Offer(
        plan=plan,
        tariff=prices,
        count=cards,
        length=length,
        cards_free=sum(pool.cards_usable for pool in online),
        cards_total=sum(pool.cards_total for pool in pools),
        districts=bought.compute_districts,
        is_simulated=any(pool.cluster.is_simulated for pool in pools),
        is_online=bool(online),
        observed_at=min((p.observed_at for p in online if p.observed_at), default=None),
        quote=means.quote(bought),
    )


def ways_to_buy(plan) -> list[tuple[Plan, str]]:
    """In which ways this provider sells this card today, as the shelf orders them, and in which packages."""
    rows = Plan.objects.on_shelf().priced(timezone.now())
    rows = rows.filter(provider=plan.provider, accelerator=plan.accelerator).order_by("kind", "unit", "term")
    return [(way, package_words(way, way)) for way in rows]


@dataclass(frozen=True)
class Facet:
    """A filter of the shelf: the values that an offer has, and what one of them is called."""

    name: str
    values: Callable[[Offer], Iterable[str]]
    label: Callable[[Offer, str], str]


FACETS = (
    Facet("accelerator", lambda o: [o.plan.accelerator.code], lambda o, _code: named(o.plan.accelerator)),
    Facet("vendor", lambda o: [o.plan.accelerator.vendor], lambda o, _code: o.plan.accelerator.vendor_name),
    Facet("district", lambda o: o.districts, lambda _o, code: str(District(code).label)),
    Facet("provider", lambda o: [o.plan.provider.code], lambda o, _code: named(o.plan.provider)),
)
FLAGS: dict[str, Callable[[Offer], bool]] = {
    "domestic": lambda o: o.plan.accelerator.is_domestic,
    "in_stock": lambda o: o.cards_free > 0,
    "voucher": lambda o: o.quote.vouchers > 0,
}
SORTS: dict[str, Callable[[Offer], tuple]] = {
    "price": lambda o: (o.quote.cash, o.plan.code),
    "list_price": lambda o: (o.unit_price, o.plan.code),
    "free": lambda o: (-o.cards_free, o.plan.code),
    "tflops": lambda o: (-o.plan.accelerator.fp16_tflops, o.plan.code),
    "value": lambda o: (o.unit_price / o.plan.accelerator.fp16_tflops, o.plan.code),
}


@dataclass(frozen=True)
class Wishes:
    """What a visitor chose: per facet the values, flags, words, least memory and how to sort."""

    facets: dict[str, frozenset[str]]
    flags: frozenset[str]
    words: str
    memory: int
    sort: str

    def unmet(self, offer: Offer) -> set[str]:
        """Which of the wishes this offer does not meet, by name."""
        unmet = {flag for flag in self.flags if not FLAGS[flag](offer)}
        for facet in FACETS:
            chosen = self.facets.get(facet.name)
            if chosen and chosen.isdisjoint(facet.values(offer)):
                unmet.add(facet.name)
        if offer.plan.accelerator.memory_gb < self.memory:
            unmet.add("memory")
        if self.words and not self._named(offer):
            unmet.add("words")
        return unmet

    def _named(self, offer) -> bool:
        text = " ".join(
            [offer.plan.accelerator.name, offer.plan.accelerator.code, offer.plan.accelerator.vendor]
            + [offer.plan.provider.name, *offer.district_names]
        ).lower()
        return all(word in text for word in self.words.lower().split())


def select(shelf: list[Offer], wishes: Wishes) -> list[Offer]:
    """The offers that fit, in the order asked for."""
    return sorted((o for o in shelf if not wishes.unmet(o)), key=SORTS[wishes.sort])


def counts(shelf: list[Offer], wishes: Wishes) -> dict[str, list[tuple[str, str, int]]]:
    """For each facet and flag, what choosing a value would leave, whatever is chosen of it now: (value, label, offers)."""
    unmet = [wishes.unmet(offer) for offer in shelf]
    found: dict[str, list[tuple[str, str, int]]] = {}
    for facet in FACETS:
        labels: dict[str, str] = {}
        tally: Counter[str] = Counter()
        for offer, missing in zip(shelf, unmet, strict=True):
            for value in facet.values(offer):
                if value not in labels:
                    labels[value] = facet.label(offer, value)
                tally[value] += missing <= {facet.name}
        rows = [(value, label, tally[value]) for value, label in labels.items()]
        found[facet.name] = sorted(rows, key=lambda row: (-row[2], row[1]))
    for flag, holds in FLAGS.items():
        fitting = sum(holds(offer) and missing <= {flag} for offer, missing in zip(shelf, unmet, strict=True))
        found[flag] = [("1", "", fitting)]
    return found
