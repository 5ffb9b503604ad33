"""What the monitoring counts of the work."""

from django.db.models import Count, Min
from django.utils import timezone

from portal.shell.entries import Gauge
from scheduler.workloads.models import Workload


def open_work():
    """How much work is open, and since when the longest has waited to be sent."""
    open_ = Workload.objects.open()
    counts = dict(open_.values_list("status").annotate(Count("id")).order_by())
    states = [s for s in Workload.Status.values if s not in Workload.TERMINAL]
    yield Gauge(
        "portal_open_workloads",
        "Workloads not over yet",
        ("status",),
        {(s,): counts.get(s, 0) for s in states},
    )
    first = open_.filter(status=Workload.Status.QUEUED).aggregate(first=Min("created_at"))["first"]
    waited = (timezone.now() - first).total_seconds() if first else 0.0
    yield Gauge("portal_longest_queueing_seconds", "Age of the oldest queued workload", (), {(): waited})


gauges = [open_work]
