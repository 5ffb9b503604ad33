"""The sweeps that carry work to clusters and news back. Each is safe to run twice, together, and to be killed."""

import logging
import time

from celery import shared_task
from django.utils import timezone

from federation.adapters.base import (
    AdapterError,
    AuthExpired,
    Gone,
    JobSpec,
    Phase,
    Rejected,
    RemoteRef,
    Retryable,
    Unknown,
)
from federation.adapters.queries import adapter_for
from federation.clusters.models import Cluster
from portal.shell.middleware import continuing
from scheduler.dispatch import actions as dispatch
from scheduler.workloads.models import Workload

log = logging.getLogger(__name__)

Status = Workload.Status
SWEEP_SECONDS = 25
LOG_KEPT = 256 * 1024


@shared_task
def submit_queued_workloads():
    """Carry queued work to its cluster."""
    sweep((Status.QUEUED, Status.SUBMITTING), submit)


@shared_task
def observe_open_workloads():
    """Ask the clusters how the work goes."""
    sweep((Status.ACCEPTED, Status.RUNNING), observe)


@shared_task
def cancel_requested_workloads():
    """Stop what was asked to stop, until the cluster says it is gone."""
    sweep((Status.CANCELLING,), cancel)


@shared_task
def stop_orphaned_jobs():
    """Stop jobs that carry our mark and that no open workload of ours stands behind."""
    for cluster in Cluster.objects.online():
        try:
            with adapter_for(cluster) as adapter:
                if adapter.capabilities.lists_jobs:
                    stop_orphans(cluster, adapter)
        except AdapterError as failure:
            log.info("cluster %s: %s", cluster.code, failure)


def sweep(statuses, step, clock=timezone.now):
    """Take due work one by one; a cluster that does not answer is left alone until the next sweep."""
    seen, silent = set(), set()
    started = time.monotonic()
    while time.monotonic() - started < SWEEP_SECONDS:
        workload = dispatch.claim(statuses=statuses, seen=seen, silent=silent, at=clock())
        if workload is None:
            return
        seen.add(workload.id)
        with continuing(workload.request_id):
            if not _carry(workload, step, clock):
                silent.add(workload.pool.cluster_id)


def _carry(workload, step, clock) -> bool:
    """One step with one workload; False when its cluster does not answer."""
    mine = {"workload_id": workload.id, "fence": workload.fence}
    try:
        with adapter_for(workload.pool.cluster, clock) as adapter:
            step(workload, adapter, mine, clock)
    except (Retryable, Unknown, AuthExpired) as failure:
        log.info("workload %s: %s (%s)", workload.code, failure.code, failure)
        dispatch.note_silent(**mine, reason=failure.code, at=clock())
        return isinstance(failure, Unknown)
    except Exception:
        log.exception("workload %s: this step failed", workload.code)
        dispatch.let_go(**mine, at=clock(), wait=dispatch.TRY_AGAIN)
    return True


def submit(workload, adapter, mine, clock):
    """Find first, submit only what was never heard of."""
    ref = adapter.find(workload.key)
    if ref is None:
        try:
            ref = adapter.submit(workload.key, spec_of(workload))
        except Rejected as refusal:
            dispatch.note_refused(**mine, message=str(refusal), at=clock())
            return
    dispatch.note_accepted(**mine, ref=ref, at=clock())


def observe(workload, adapter, mine, clock):
    """One look; the end of the log is fetched before the end is written down."""
    try:
        seen = adapter.get(RemoteRef(workload.remote_ref))
    except Gone:
        dispatch.note_gone(**mine, at=clock())
        return
    now = clock()
    limit = workload.max_seconds + dispatch.LIMIT_GRACE.total_seconds()
    if seen.phase == Phase.RUNNING and seen.started_at and (now - seen.started_at).total_seconds() > limit:
        dispatch.note_overrun(**mine, at=now)
        return
    dispatch.note_observed(**mine, seen=seen, ending=ending_of(adapter, seen), at=now)


def cancel(workload, adapter, mine, clock):
    """Ask for the stop as often as needed; believe it when the cluster says the job is over."""
    ref = RemoteRef(workload.remote_ref) if workload.remote_ref else adapter.find(workload.key)
    if ref is None:
        dispatch.note_never_arrived(**mine, at=clock())
        return
    if not workload.remote_ref:
        dispatch.note_accepted(**mine, ref=ref, at=clock())
        return
    try:
        seen = adapter.get(ref)
        if not seen.phase.is_final:
            adapter.cancel(ref)
    except Gone:
        dispatch.note_gone(**mine, at=clock())
        return
    dispatch.note_observed(**mine, seen=seen, ending=ending_of(adapter, seen), at=clock())


def stop_orphans(cluster, adapter):
    """Compare the cluster's list with ours; what is unknown to us altogether is reported, not touched."""
    running = [seen for seen in adapter.list(cluster.origin) if not seen.phase.is_final]
    codes = [seen.ref.id.split(".")[1] for seen in running]
    known = {
        w.code: w
        for w in Workload.objects.filter(code__in=codes).select_related("pool__cluster").defer("final_log")
    }
    for seen, code in zip(running, codes, strict=True):
        workload = known.get(code)
        if workload is None:
            log.error(
                "cluster %s: job %s carries our mark and is in none of our books", cluster.code, seen.ref.id
            )
        elif workload.is_terminal or workload.key != seen.ref.id:
            log.warning("cluster %s: stopping orphan %s", cluster.code, seen.ref.id)
            adapter.cancel(seen.ref)


def ending_of(adapter, seen):
    """The end of the log, once; without it the work is still over."""
    if not seen.phase.is_final:
        return None
    try:
        return adapter.log_ending(seen.ref, LOG_KEPT)
    except AdapterError as failure:
        log.warning("job %s: its log could not be kept (%s)", seen.ref.id, failure)
        return None


def spec_of(workload) -> JobSpec:
    """What the cluster is told."""
    return JobSpec(
        code=workload.code,
        order_code=workload.order_code,
        accelerator=workload.pool.accelerator.code,
        cards=workload.cards,
        command=workload.command,
        max_seconds=workload.max_seconds,
        files=tuple((file.path, bytes(file.content)) for file in workload.files.all()),
        allocation=tuple((node, cards) for node, cards in workload.decision.allocation),
        labels={"origin": workload.pool.cluster.origin, "attempt": str(workload.attempt)},
    )
