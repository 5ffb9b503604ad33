"""The shelf's address: every wish lives in the URL."""

from decimal import Decimal, InvalidOperation

from marketplace.catalogue.models import Kind
from marketplace.storefront.queries import FLAGS, SORTS, Wishes
from marketplace.storefront.shelf import FACETS

MOST_CARDS = 4096
MOST_HOURS = 8760


def wishes_from(params) -> Wishes:
    """Read a query string; what makes no sense is left out, never an error."""
    memory = params.get("memory", "")
    sort = params.get("sort", "")
    return Wishes(
        facets={facet.name: frozenset(filter(None, params.getlist(facet.name))) for facet in FACETS},
        flags=frozenset(flag for flag in FLAGS if params.get(flag) == "1"),
        words=params.get("q", "").strip()[:80],
        memory=int(memory) if memory.isdigit() and len(memory) < 6 else 0,
        sort=sort if sort in SORTS else "price",
    )


def kind_from(params) -> Kind:
    """Which kind of products is looked at: jobs by the hour unless asked otherwise."""
    return Kind.RESERVED if params.get("kind") == Kind.RESERVED else Kind.BATCH


def size_from(params) -> tuple[int, Decimal]:
    """How many cards for how long the prices are shown, in the unit of each plan; one of each unless asked otherwise."""
    cards = params.get("cards", "")
    cards = min(int(cards), MOST_CARDS) if cards.isdigit() and len(cards) < 6 else 1
    try:
        hours = Decimal(params.get("hours") or "1")
    except InvalidOperation:
        hours = Decimal(1)
    if not hours.is_finite() or not 0 < hours <= MOST_HOURS:
        hours = Decimal(1)
    return max(cards, 1), hours.quantize(Decimal("0.01"))
