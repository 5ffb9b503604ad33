"""What a look at a cluster changes in our books."""

from datetime import timedelta

from django.db import transaction

from federation.capacity import actions as capacity
from federation.capacity.models import Pool
from federation.clusters.models import Cluster

OFFLINE_AFTER = timedelta(seconds=90)
PROBE_EVERY = timedelta(seconds=10)


def claim_next(*, seen, at) -> Cluster | None:
    """Take the cluster that waits longest for a look, unless another worker has it."""
    with transaction.atomic():
        cluster = (
            Cluster.objects.select_for_update(skip_locked=True, no_key=True)
            .exclude(id__in=seen)
            .exclude(probed_at__gt=at - PROBE_EVERY)
            .order_by("probed_at", "id")
            .first()
        )
        if cluster is not None:
            cluster.probed_at = at
            cluster.save(update_fields=["probed_at"])
    return cluster


def note_alive(*, cluster_id, snapshot, at) -> Cluster:
    """The cluster answered: it is online, and what it says of its cards is taken over. Partial news changes no cards."""
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update(no_key=True).get(id=cluster_id)
        cluster.state, cluster.state_reason = Cluster.State.ONLINE, ""
        cluster.last_seen_at, cluster.silent_since = at, None
        cluster.save(update_fields=["state", "state_reason", "last_seen_at", "silent_since"])
        if snapshot is not None and snapshot.is_complete:
            readings = {reading.accelerator: reading for reading in snapshot.pools}
            for pool in Pool.objects.filter(cluster=cluster).select_related("accelerator").order_by("id"):
                reading = readings.get(pool.accelerator.code)
                capacity.observe(
                    pool_id=pool.id,
                    cards_total=reading.cards_total if reading else 0,
                    sold_by_node=reading.sold_by_node if reading else None,
                    at=at,
                )
    return cluster


def note_silent(*, cluster_id, reason, at) -> Cluster:
    """The cluster did not answer. Only silence makes it offline; a refused password does not."""
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update(no_key=True).get(id=cluster_id)
        # Counted from the first silence we witnessed: after a night switched off, nobody is lost yet.
        cluster.silent_since = cluster.silent_since or at
        is_lost = reason != "auth_expired" and at - cluster.silent_since > OFFLINE_AFTER
        cluster.state = Cluster.State.OFFLINE if is_lost else Cluster.State.CONNECTING
        cluster.state_reason = reason
        cluster.save(update_fields=["state", "state_reason", "silent_since"])
    return cluster
