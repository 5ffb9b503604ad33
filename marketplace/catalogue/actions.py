"""How offers come onto the shelf."""

from django.db import transaction

from marketplace.catalogue.models import Plan, PlanPrice


def put_on_shelf(*, code, provider, accelerator, unit_price, cards_max, hours_max, at) -> Plan:
    """List an offer at a price from now on; a new price closes the one before it, the same price changes nothing."""
    with transaction.atomic():
        plan, _created = Plan.objects.get_or_create(
            code=code,
            defaults={
                "provider": provider,
                "accelerator": accelerator,
                "cards_max": cards_max,
                "hours_max": hours_max,
            },
        )
        current = (
            PlanPrice.objects.select_for_update(no_key=True).filter(plan=plan, effective_to=None).first()
        )
        if current and current.unit_price == unit_price:
            return plan
        if current:
            current.effective_to = at
            current.save(update_fields=["effective_to"])
        PlanPrice.objects.create(plan=plan, unit_price=unit_price, effective_from=at)
    return plan
