"""How offers come onto the shelf."""

from decimal import Decimal

from django.db import transaction

from marketplace.catalogue.models import Kind, Plan, PlanPrice, Unit

SHORT = {
    (Kind.BATCH, Unit.CARD_HOUR): "",
    (Kind.INTERACTIVE, Unit.CARD_HOUR): "-dev",
    (Kind.RESERVED, Unit.CARD_DAY): "-day",
    (Kind.RESERVED, Unit.CARD_MONTH): "-month",
    (Kind.RESERVED, Unit.NODE_MONTH): "-node",
    (Kind.TOKENS, Unit.MILLION_TOKENS): "-tokens",
    (Kind.SERVICE, Unit.PIECE): "-service",
}


def code_of(provider, accelerator, kind=Kind.BATCH, unit=Unit.CARD_HOUR, term=0) -> str:
    """The code of a plan: unicom-h800, unicom-h800-month, unicom-h800-month12."""
    return f"{provider.code}-{accelerator.code}{SHORT[Kind(kind), Unit(unit)]}{term or ''}"


def put_on_shelf(
    *,
    provider,
    accelerator,
    unit_price,
    cards_max,
    hours_max,
    at,
    kind=Kind.BATCH,
    unit=Unit.CARD_HOUR,
    term=0,
    tiers: tuple[tuple[Decimal, Decimal], ...] = (),
    early_price: Decimal | None = None,
    package: int | None = None,
) -> Plan:
    """List an offer at these prices from now on; new ones close those before them, the same change nothing."""
    prices = {
        "unit_price": unit_price,
        "tiers": [list(tier) for tier in tiers],
        "early_price": early_price,
        "package": package,
    }
    with transaction.atomic():
        plan, _created = Plan.objects.get_or_create(
            provider=provider,
            accelerator=accelerator,
            kind=kind,
            unit=unit,
            term=term,
            defaults={
                "code": code_of(provider, accelerator, kind, unit, term),
                "cards_max": cards_max,
                "hours_max": hours_max,
            },
        )
        current = (
            PlanPrice.objects.select_for_update(no_key=True).filter(plan=plan, effective_to=None).first()
        )
        if current and all(getattr(current, name) == price for name, price in prices.items()):
            return plan
        if current:
            current.effective_to = at
            current.save(update_fields=["effective_to"])
        PlanPrice.objects.create(plan=plan, effective_from=at, **prices)
    return plan
