"""Putting money behind a promise."""

from django.db import transaction

from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import transfer
from marketplace.ledger.models import Cause, Kind
from portal.audit import actions as audit
from subsidies.budgets.models import Programme


def publish(
    *, code, name, version, payer, year, budget, enterprise_cap, starts_at, ends_at, by, at
) -> Programme:
    """Open a programme with its pool. The same code again changes nothing."""
    with transaction.atomic():
        programme, is_new = Programme.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "version": version,
                "payer": payer,
                "year": year,
                "budget": budget,
                "enterprise_cap": enterprise_cap,
                "starts_at": starts_at,
                "ends_at": ends_at,
                "published_at": at,
            },
        )
        if is_new:
            ledger.post(
                f"programme:{code}",
                kind=Cause.PROGRAMME,
                subject=code,
                lines=transfer(budget, (Kind.APPROPRIATION, code), (Kind.POOL, code)),
                at=at,
            )
            audit.record(programme, "programme.published", by=by, organization=payer, budget=budget)
    return programme
