"""Take work in, stop it, and close it with its meter reading."""

import re
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from federation.capacity import actions as capacity
from federation.usage import actions as usage
from portal.audit import actions as audit
from portal.shell import status, uploads
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.middleware import named_request_id
from scheduler.workloads.models import Workload, WorkloadFile

MOST_BYTES = 10 * 1024 * 1024
MOST_FILES = 200
SAFE_PART = re.compile(r"^[^/\\\x00-\x1f]+$")
HOUSEHOLD = ".portal"


class BadFiles(Refusal):
    """These files cannot go with the work."""

    code = "bad_files"


def check_files(files):
    """Refuse files that are too many, too big, of another kind than their names say, or outside the working directory."""
    if len(files) > MOST_FILES:
        raise BadFiles(_("文件不能超过 %(most)d 个。") % {"most": MOST_FILES}, field="files")
    if sum(len(content) for _path, content in files) > MOST_BYTES:
        raise BadFiles(_("文件总大小不能超过 10 MB，请压缩或减少文件。"), code="files_too_big", field="files")
    paths = [path for path, _content in files]
    if len(set(paths)) != len(paths):
        raise BadFiles(_("有重名的文件，请改名后重新上传。"), field="files")
    for path, content in files:
        parts = path.split("/")
        is_safe = len(path) <= 200 and all(
            SAFE_PART.match(part) and part not in (".", "..") for part in parts
        )
        if not is_safe or parts[0] == HOUSEHOLD:
            raise BadFiles(
                _("文件名“%(path)s”不可用，请改名后重新上传。") % {"path": path[:60]}, field="files"
            )
        uploads.check(path, content, uploads.JOB_FILES)


def create(
    *,
    organization,
    order_code,
    decision,
    command,
    max_seconds,
    at,
    files=(),
    name="",
    is_draft=False,
    code=None,
) -> Workload:
    """Take in the work of an order. One order has one workload, however often it is said."""
    earlier = Workload.objects.filter(order_code=order_code).first()
    if earlier is not None:
        return earlier
    check_files(files)
    with transaction.atomic():
        workload = Workload.objects.create(
            code=code or new_code("WL"),
            organization=organization,
            order_code=order_code,
            decision=decision,
            pool=decision.pool,
            name=name,
            cards=decision.cards,
            command=command,
            max_seconds=max_seconds,
            status=Workload.Status.DRAFT if is_draft else Workload.Status.QUEUED,
            request_id=named_request_id(),
            created_at=at,
            next_look_at=at,
        )
        WorkloadFile.objects.bulk_create(
            WorkloadFile(workload=workload, path=path, content=content, size=len(content))
            for path, content in files
        )
    return workload


def queue(*, order_code, at) -> Workload:
    """The order is confirmed: the work may go. Saying it twice changes nothing."""
    with transaction.atomic():
        workload = _locked(order_code=order_code)
        if workload.status == Workload.Status.DRAFT:
            status.move(workload, Workload.Status.QUEUED, next_look_at=at)
    return workload


def discard(*, order_code, at) -> Workload:
    """The order came to nothing before it was confirmed: the cards go back. Saying it twice changes nothing."""
    with transaction.atomic():
        workload = _locked(order_code=order_code)
        if workload.status == Workload.Status.DRAFT:
            status.move(workload, Workload.Status.CANCELLED, ended_at=at, exit_reason="cancelled")
            capacity.release(key=order_code, at=at)
    return workload


def request_cancel(*, order_code, by, at) -> Workload:
    """Stop the work. It counts as stopped only when its cluster says so; work that never left stops at once."""
    with transaction.atomic():
        workload = _locked(order_code=order_code)
        if workload.is_terminal or workload.status == Workload.Status.CANCELLING:
            return workload
        audit.record(
            workload,
            "workload.cancel_requested",
            by=by,
            before={"cancel_requested_at": None},
            after={"cancel_requested_at": at.isoformat()},
        )
        workload.cancel_requested_at = at
        workload.save(update_fields=["cancel_requested_at"])
        if workload.status in (Workload.Status.DRAFT, Workload.Status.QUEUED):
            return close(workload, Workload.Status.CANCELLED, exit_reason="cancelled", at=at)
        status.move(workload, Workload.Status.CANCELLING, next_look_at=at)
    return workload


def close(
    workload, to, *, at, started_at=None, ended_at=None, exit_code=None, exit_reason="", message="", log=None
) -> Workload:
    """End a locked workload: last state, one final meter reading, cards given back — all or nothing.

    started_at None: there is no proof that it ran, so the reading is 0 seconds.
    """
    started = started_at or workload.started_at
    ended = max(started, ended_at or workload.last_seen_at or started) if started else None
    fields = {
        "started_at": started,
        "ended_at": ended or at,
        "exit_code": exit_code,
        "exit_reason": exit_reason,
        "message": message.replace("\x00", ""),
        "wait_reason": "",
        "leased_until": None,
    }
    if log is not None:
        fields |= {
            "final_log": log.text.replace("\x00", "\ufffd"),
            "final_log_from": log.cursor - _size(log.text),
        }
    before = workload.status
    status.move(workload, to, **fields)
    usage.record(
        source_key=workload.key,
        cluster=workload.pool.cluster,
        accelerator=workload.pool.accelerator,
        workload_code=workload.code,
        cards=workload.cards,
        started_at=started or at,
        ended_at=ended or at,
        seconds=metered_seconds(started, ended, workload.max_seconds),
        is_final=True,
        at=at,
    )
    capacity.release(key=workload.order_code, at=at)
    audit.record(
        workload,
        f"workload.{to}",
        by=None,
        before=before,
        after=workload.status,
        reason=exit_reason,
        exit_code=exit_code,
    )
    return workload


def metered_seconds(started, ended, max_seconds) -> int:
    """Whole seconds between the cluster's own stamps; a begun second is free, and never more than was ordered."""
    if started is None or ended is None:
        return 0
    return min(max_seconds, (ended - started) // timedelta(seconds=1))


def _size(text) -> int:
    return len(text.encode())


def _locked(**which) -> Workload:
    return (
        Workload.objects.select_for_update(of=("self",), no_key=True)
        .select_related("pool__cluster", "pool__accelerator", "organization")
        .get(**which)
    )
