"""What is out of order now, what is planned, and what was."""

from datetime import timedelta

from django.core.cache import caches
from django.db import DatabaseError
from django.utils import timezone

from portal.incidents.models import Incident

LASTING = "incidents.lasting"
SECONDS = 30
KEPT = timedelta(days=90)


def lasting() -> list[Incident]:
    """For the banner of every page, asked of the database twice a minute; a page stands without it."""
    try:
        return caches["passing"].get_or_set(LASTING, _lasting, SECONDS) or []
    except DatabaseError:
        return []


def _lasting():
    return list(Incident.objects.lasting(timezone.now()))


def told(at) -> list[Incident]:
    """For the status page: what lasts or comes, then what was within ninety days; each with its updates."""
    rows = Incident.objects.filter(starts_at__gte=at - KEPT) | Incident.objects.filter(closed_at=None)
    return sorted(
        rows.prefetch_related("updates"), key=lambda one: ("lasting", "planned", "over").index(one.state)
    )
