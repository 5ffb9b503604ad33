"""Hand work to clusters: who may speak for a workload, and what each answer changes.

A worker takes a lease, speaks to the cluster outside any transaction, and writes the answer under the lease's fence.
A worker that wakes up after its lease finds that its fence is old, and changes nothing; what it may still have said to
the cluster does no harm, because a key runs once and orphans are stopped.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from federation.adapters.base import Phase
from portal.audit import actions as audit
from portal.shell import status
from scheduler.workloads import actions as workloads
from scheduler.workloads.models import Workload

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
LOOK_EVERY = timedelta(seconds=3)
TRY_AGAIN = timedelta(seconds=5)
ASK_ADMITTANCE_AGAIN = timedelta(seconds=60)
GONE_GRACE = timedelta(seconds=15)
LIMIT_GRACE = timedelta(seconds=60)

Status = Workload.Status
ENDS = {Phase.SUCCEEDED: Status.SUCCEEDED, Phase.FAILED: Status.FAILED}


def claim(*, statuses, seen, silent, at) -> Workload | None:
    """Lease the next piece of work in these states. Queued work becomes submitting here, before anybody is called."""
    with transaction.atomic():
        workload = (
            Workload.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("pool__cluster", "pool__accelerator", "organization")
            .defer("final_log")
            .due(at)
            .filter(status__in=statuses)
            .exclude(id__in=seen)
            .exclude(pool__cluster__in=silent)
            .exclude(status=Status.QUEUED, pool__cluster__state__in=("connecting", "offline"))
            .order_by("next_look_at", "id")
            .first()
        )
        if workload is None:
            return None
        workload.fence = F("fence") + 1
        workload.leased_until = at + LEASE
        workload.save(update_fields=["fence", "leased_until"])
        workload.refresh_from_db(fields=["fence"])
        if workload.status == Status.QUEUED:
            status.move(workload, Status.SUBMITTING, submitted_at=at)
    return workload


def note_accepted(*, workload_id, fence, ref, at) -> Workload | None:
    """The cluster has it. If a stop was asked for meanwhile, that stands, and now we know whom to stop."""
    with transaction.atomic():
        workload = _held(workload_id, fence)
        if workload is None:
            return None
        fields = _look_again(workload, at, timedelta(0)) | {
            "remote_ref": ref.id,
            "last_seen_at": at,
            "wait_reason": "",
        }
        if workload.status == Status.SUBMITTING:
            status.move(workload, Status.ACCEPTED, **fields)
            audit.record(
                workload,
                "workload.accepted",
                by=None,
                before=Status.SUBMITTING,
                after=Status.ACCEPTED,
                cluster=workload.pool.cluster.code,
            )
        else:
            _save(workload, **fields)
    return workload


def note_refused(*, workload_id, fence, message, at) -> Workload | None:
    """The cluster will never take it."""
    with transaction.atomic():
        workload = _held(workload_id, fence)
        if workload is None or workload.is_terminal:
            return None
        workloads.close(workload, Status.FAILED, exit_reason="rejected", message=message, at=at)
    return workload


def note_never_arrived(*, workload_id, fence, at) -> Workload | None:
    """A stop was asked for, and the cluster has never heard of it."""
    with transaction.atomic():
        workload = _held(workload_id, fence)
        if workload is None or workload.status != Status.CANCELLING:
            return None
        workloads.close(workload, Status.CANCELLED, exit_reason="cancelled", at=at)
    return workload


def note_observed(*, workload_id, fence, seen, ending, at) -> Workload | None:
    """What the cluster says becomes what we say. A word we do not know changes nothing."""
    with transaction.atomic():
        workload = _held(workload_id, fence)
        if workload is None or workload.is_terminal:
            return None
        if seen.phase.is_final:
            to, reason = _end(workload, seen)
            return workloads.close(
                workload,
                to,
                started_at=seen.started_at,
                ended_at=seen.ended_at,
                exit_code=seen.exit_code,
                exit_reason=reason,
                message=seen.message,
                log=ending,
                at=at,
            )
        fields = _look_again(workload, at, LOOK_EVERY) | {
            "last_seen_at": at,
            "gone_since": None,
            "wait_reason": "",
        }
        if seen.phase == Phase.UNKNOWN:
            log.error("workload %s: unknown remote state %r", workload.code, seen.remote_word)
        if seen.started_at and workload.started_at is None:
            fields["started_at"] = seen.started_at
        if seen.phase == Phase.RUNNING and workload.status == Status.ACCEPTED:
            status.move(workload, Status.RUNNING, **fields)
        else:
            _save(workload, **fields)
    return workload


def note_overrun(*, workload_id, fence, at) -> Workload | None:
    """The cluster let it run past what was ordered: ask it to stop. The meter has stopped already."""
    with transaction.atomic():
        workload = _held(workload_id, fence)
        if workload is None or workload.status != Status.RUNNING:
            return None
        audit.record(workload, "workload.overran", by=None, before=Status.RUNNING, after=Status.CANCELLING)
        status.move(
            workload,
            Status.CANCELLING,
            exit_reason="time_limit",
            last_seen_at=at,
            leased_until=None,
            next_look_at=at,
        )
    return workload


def note_gone(*, workload_id, fence, at) -> Workload | None:
    """The cluster answers and does not know it: lost, if it says so twice with some time between."""
    with transaction.atomic():
        workload = _held(workload_id, fence)
        if workload is None or workload.is_terminal:
            return None
        if workload.gone_since is None or at - workload.gone_since < GONE_GRACE:
            _save(workload, **_look_again(workload, at, TRY_AGAIN), gone_since=workload.gone_since or at)
            return workload
        to, reason = (Status.CANCELLED, "stopped") if workload.cancel_requested_at else (Status.LOST, "lost")
        return workloads.close(workload, to, exit_reason=reason, at=at)


def note_silent(*, workload_id, fence, reason, at) -> Workload | None:
    """No answer. The state stays; once the cluster's silence has outlasted its grace, the work counts as lost."""
    with transaction.atomic():
        workload = _held(workload_id, fence)
        if workload is None or workload.is_terminal:
            return None
        cluster = workload.pool.cluster
        is_refused = reason == "auth_expired"
        grace = timedelta(seconds=cluster.lost_after_seconds)
        if not is_refused and cluster.silent_since and at - cluster.silent_since > grace:
            return workloads.close(workload, Status.LOST, exit_reason="lost", at=at)
        wait = ASK_ADMITTANCE_AGAIN if is_refused else TRY_AGAIN
        _save(workload, **_look_again(workload, at, wait), wait_reason=reason)
    return workload


def let_go(*, workload_id, fence, at, wait=LOOK_EVERY) -> None:
    """Nothing to write; somebody may look again later."""
    with transaction.atomic():
        workload = _held(workload_id, fence)
        if workload is not None:
            _save(workload, **_look_again(workload, at, wait))


def _end(workload, seen) -> tuple[str, str]:
    """Our last state and the reason. A stop that nobody here asked for is the cluster's doing, not the buyer's."""
    if seen.phase != Phase.STOPPED:
        return ENDS[seen.phase], seen.reason
    if workload.exit_reason == "time_limit":
        return Status.FAILED, "time_limit"
    if workload.cancel_requested_at is None:
        return Status.FAILED, "stopped_by_cluster"
    return Status.CANCELLED, "stopped"


def _held(workload_id, fence) -> Workload | None:
    """The locked row, if our lease is still the last one given."""
    workload = (
        Workload.objects.select_for_update(of=("self",), no_key=True)
        .select_related("pool__cluster", "pool__accelerator", "organization")
        .get(id=workload_id)
    )
    return workload if workload.fence == fence else None


def _look_again(workload, at, wait) -> dict:
    # A stop that was asked for while we were talking must not wait for the next look.
    is_urgent = workload.status == Status.CANCELLING and workload.next_look_at <= at
    return {"leased_until": None, "next_look_at": at if is_urgent else at + wait}


def _save(workload, **fields):
    for name, value in fields.items():
        setattr(workload, name, value)
    workload.save(update_fields=list(fields))
