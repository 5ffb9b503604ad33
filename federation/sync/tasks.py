"""Look at every cluster now and then."""

import logging

from celery import shared_task
from django.utils import timezone

from federation.adapters.base import AdapterError
from federation.adapters.queries import adapter_for
from federation.sync import actions as sync

log = logging.getLogger(__name__)


@shared_task
def sync_clusters():
    """Probe each cluster and read its capacity. Safe to run twice: a cluster is looked at by one worker at a time."""
    seen = set()
    while (cluster := sync.claim_next(seen=seen, at=timezone.now())) is not None:
        seen.add(cluster.id)
        look_at(cluster)


def look_at(cluster, clock=timezone.now):
    """One look at one cluster, network outside any transaction, then one action."""
    try:
        with adapter_for(cluster, clock) as adapter:
            adapter.probe()
            snapshot = adapter.snapshot()
    except AdapterError as failure:
        log.info("cluster %s: %s (%s)", cluster.code, failure.code, failure)
        sync.note_silent(cluster_id=cluster.id, reason=failure.code, at=clock())
    except Exception:
        log.exception("cluster %s: the adapter failed", cluster.code)
        sync.note_silent(cluster_id=cluster.id, reason="unknown", at=clock())
    else:
        sync.note_alive(cluster_id=cluster.id, snapshot=snapshot, at=clock())
