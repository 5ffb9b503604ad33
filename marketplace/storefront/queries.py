"""The shelf with what is free now and what it costs this buyer: the same number of queries whatever the shelf's length."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property, partial
from typing import NamedTuple

from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from federation.capacity.queries import Stock
from marketplace.catalogue.models import Kind, Plan, Unit
from marketplace.catalogue.queries import LABELS, package_words, price_notes, term_words
from marketplace.funding.protocol import Purchase
from marketplace.funding.queries import Means
from marketplace.orders.queries import purchase
from marketplace.pricing.tariffs import Tariff
from marketplace.storefront.shelf import FACETS, Facet, Product, products, products_of
from portal.shell.districts import District

ONE = Decimal(1)
FEN = Decimal("0.01")


class Offer(NamedTuple):
    """A plan as one buyer sees it: what is free, where, and the price before and after vouchers."""

    plan: Plan
    tariff: Tariff
    stock: Stock
    traits: dict[str, tuple[str, ...]]
    count: int
    length: Decimal
    purchase: Purchase
    vouchers: int

    @property
    def amount(self) -> int:
        """Fen for the size and time asked for."""
        return self.purchase.amount

    @property
    def cash(self) -> int:
        """What vouchers leave of it."""
        return self.purchase.amount - self.vouchers

    @property
    def id(self) -> int:
        """Its place on the shelf."""
        return self.plan.id

    @property
    def district_names(self) -> list[str]:
        return [str(District(d).label) for d in sorted(self.stock.districts)]

    @property
    def free_words(self) -> str:
        free, total = self.stock.cards_free, self.stock.cards_total
        return _("可用 %(free)s / %(total)s 卡") % {"free": free, "total": total}

    @property
    def observed_words(self) -> str:
        """Since when this is known, where it is."""
        at = self.stock.observed_at
        return _("数据时间 %(at)s") % {"at": f"{localtime(at):%H:%M:%S}"} if at else ""

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
    def unit_word(self) -> str:
        return str(Unit(self.plan.unit).label)

    @property
    def unit_price(self) -> Decimal:
        """Yuan for the first unit."""
        return self.tariff.price

    @property
    def unit_price_after(self) -> Decimal:
        """Yuan per unit paid for after vouchers, to the fen, for the size and time asked for."""
        fen = Fraction(self.cash) / self.tariff.counted(self.quantity)
        return (Decimal(fen.numerator) / fen.denominator / 100).quantize(FEN, ROUND_HALF_UP)

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


def offers(organization, at, *, kind: Kind = Kind.BATCH, cards: int = 1, hours=ONE) -> list[Offer]:
    """Every offer of a kind on the shelf, priced for this buyer, this many cards and this long."""
    price = _pricer(organization, cards, hours, Means(organization, at))
    return [price(one) for one in products(kind, at)]


def offer_of(code: str, organization, at, *, cards: int = 1, hours=ONE, means=None) -> Offer | None:
    """One offer, as it is at this very moment."""
    found = offers_of([code], organization, at, cards=cards, hours=hours, means=means)
    return next(iter(found), None)


def offers_of(codes, organization, at, *, cards: int = 1, hours=ONE, means=None) -> list[Offer]:
    """The offers of these codes that are on the shelf, as they are at this very moment."""
    price = _pricer(organization, cards, hours, means or Means(organization, at))
    return [price(one) for one in products_of(codes, at)]


def _pricer(organization, cards, hours, means) -> Callable[[Product], Offer]:
    """What a product costs this buyer, after vouchers; whose money pays the rest is asked when it is ordered."""
    quantities = {True: (hours, Fraction(cards * hours)), False: (ONE, Fraction(cards))}

    def price(product: Product) -> Offer:
        length, quantity = quantities[product.has_length]
        amount = product.tariff.rate(quantity)
        bought = purchase(organization, product.goods, amount)
        shown = product.plan, product.tariff, product.stock, product.traits
        return Offer(*shown, cards, length, bought, means.subsidised(bought))

    return price


def ways_to_buy(plan) -> list[tuple[Plan, str]]:
    """In which ways this provider sells this card today, as the shelf orders them, and in which packages."""
    rows = Plan.objects.on_shelf().priced(timezone.now())
    rows = rows.filter(provider=plan.provider, accelerator=plan.accelerator).order_by("kind", "unit", "term")
    return [(way, package_words(way, way)) for way in rows]


FLAGS: dict[str, Callable[[Offer], bool]] = {
    "domestic": lambda o: o.purchase.is_domestic,
    "in_stock": lambda o: o.stock.cards_free > 0,
    "voucher": lambda o: o.vouchers > 0,
}
SORTS: dict[str, Callable[[Offer], tuple]] = {
    "price": lambda o: (o.cash, o.plan.code),
    "list_price": lambda o: (o.unit_price, o.plan.code),
    "free": lambda o: (-o.stock.cards_free, o.plan.code),
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

    @cached_property
    def conditions(self) -> list[tuple[str, Callable[[Offer], bool]]]:
        """Each wish that was made, by name, and whether an offer meets it."""
        found = [(flag, FLAGS[flag]) for flag in self.flags]
        for facet in FACETS:
            if chosen := self.facets.get(facet.name):
                found.append((facet.name, partial(_has_one_of, facet, chosen)))
        if self.memory:
            found.append(("memory", lambda offer: offer.plan.accelerator.memory_gb >= self.memory))
        if self.words:
            found.append(("words", self._named))
        return found

    def _named(self, offer) -> bool:
        text = " ".join(
            [offer.plan.accelerator.name, offer.plan.accelerator.code, offer.plan.accelerator.vendor]
            + [offer.plan.provider.name, *offer.district_names]
        ).lower()
        return all(word in text for word in self.words.lower().split())


def _has_one_of(facet: Facet, chosen: frozenset[str], offer: Offer) -> bool:
    return not chosen.isdisjoint(offer.traits[facet.name])


@dataclass(frozen=True)
class Sifted:
    """A shelf after somebody's wishes: what meets all of them, in the order asked for, and what misses one, by its name."""

    shelf: list[Offer]
    fits: list[Offer]
    misses: dict[str, list[Offer]]

    def without(self, wish: str) -> list[Offer]:
        """What would fit if this were not wished for."""
        return self.fits + self.misses.get(wish, [])


def sift(shelf: list[Offer], wishes: Wishes) -> Sifted:
    """What a shelf has of what somebody wishes."""
    fits, misses = [], defaultdict(list)
    for offer in shelf:
        match [name for name, holds in wishes.conditions if not holds(offer)]:
            case []:
                fits.append(offer)
            case [name]:
                misses[name].append(offer)
    return Sifted(shelf, sorted(fits, key=SORTS[wishes.sort]), misses)


def counts(sifted: Sifted) -> dict[str, list[tuple[str, str, int]]]:
    """For each facet and flag, what choosing a value would leave, whatever is chosen of it now: (value, label, offers)."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    for facet in FACETS:
        tally = Counter([value for offer in sifted.without(facet.name) for value in offer.traits[facet.name]])
        examples = {value: offer for offer in sifted.shelf for value in offer.traits[facet.name]}
        rows = [(value, facet.label(offer.plan, value), tally[value]) for value, offer in examples.items()]
        found[facet.name] = sorted(rows, key=lambda row: (-row[2], row[1]))
    for flag, holds in FLAGS.items():
        found[flag] = [("1", "", sum(map(holds, sifted.without(flag))))]
    return found
