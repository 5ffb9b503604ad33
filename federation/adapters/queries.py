"""Which adapter speaks to which cluster."""

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string


def adapter_for(cluster, clock=timezone.now):
    """An open line to this cluster; use it in a `with` block. Raises Retryable when no address is known yet."""
    return import_string(settings.CLUSTER_ADAPTERS[cluster.adapter])(cluster, clock)
