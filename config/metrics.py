"""What a Prometheus server reads: durations from every process, and what the rows say now."""

import hmac

from django.conf import settings
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from portal.shell import entries, tenancy

LOOPBACK = ("127.0.0.1", "::1")


@require_safe
@never_cache
def metrics(request):
    """For the monitoring of this machine, or for whoever shows the token; nobody else learns that it exists."""
    if not _may_read(request):
        raise Http404
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(Rows())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request) -> bool:
    if settings.METRICS_TOKEN:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(shown.encode(), settings.METRICS_TOKEN.encode())
    return request.META.get("REMOTE_ADDR") in LOOPBACK and "X-Forwarded-For" not in request.headers


class Rows:
    """What every room counts in its own rows, read when asked."""

    def collect(self):
        with tenancy.citywide():
            for read in entries.gauges():
                for gauge in read():
                    family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
                    for labels, value in gauge.values.items():
                        family.add_metric(labels, value)
                    yield family
