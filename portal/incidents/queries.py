"""What is out of order now, what is planned, and what was."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from portal.incidents.models import Incident

LASTING = "incidents.lasting"
SECONDS = 30
KEPT = timedelta(days=90)


def lasting() -> list[Incident]:
    """For the banner of every page, asked of the database twice a minute."""
    return cache.get_or_set(LASTING, lambda: list(Incident.objects.lasting(timezone.now())), SECONDS) or []


def told(at) -> list[Incident]:
    """For the status page: what lasts or comes, then what was within ninety days; each with its updates."""
    rows = Incident.objects.filter(starts_at__gte=at - KEPT) | Incident.objects.filter(closed_at=None)
    return sorted(
        rows.prefetch_related("updates"), key=lambda one: ("lasting", "planned", "over").index(one.state)
    )
