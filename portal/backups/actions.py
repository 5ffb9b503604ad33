"""Beginning a copy once a night, and noting how it came out."""

from django.db import transaction
from django.utils.translation import gettext_noop

from portal.audit import actions as audit
from portal.backups.models import Backup
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell.codes import new_code


def begin(*, at, night=None) -> Backup | None:
    """Take the night's copy upon oneself; None while somebody else has it or when it is done."""
    with transaction.atomic():
        if night is None:
            return Backup.objects.create(code=new_code("BK"), begun_at=at)
        fresh = Backup(code=new_code("BK"), night=night, begun_at=at)
        Backup.objects.bulk_create([fresh], ignore_conflicts=True)
        backup = Backup.objects.select_for_update(no_key=True, of=("self",)).get(night=night)
        if backup.code == fresh.code:
            return backup
        if not backup.may_begin_again(at):
            return None
        backup.begun_at, backup.ended_at = at, None
        backup.save(update_fields=["begun_at", "ended_at"])
    return backup


def finish(*, backup_id, name, size, sm3, by, at) -> Backup:
    """The copy is whole."""
    with transaction.atomic():
        backup = _lock(backup_id)
        backup.ended_at, backup.name, backup.bytes, backup.sm3, backup.error = at, name, size, sm3, ""
        backup.save(update_fields=["ended_at", "name", "bytes", "sm3", "error"])
        audit.record(backup, "backup.taken", by=by, name=name, bytes=size, sm3=sm3)
    return backup


def fail(*, backup_id, error, by, at) -> Backup:
    """No copy came of it: those who run the system hear of it the first time in a night."""
    with transaction.atomic():
        backup = _lock(backup_id)
        is_news = not backup.error
        backup.ended_at, backup.error = at, error[:500]
        backup.save(update_fields=["ended_at", "error"])
        audit.record(backup, "backup.failed", by=by, error=backup.error)
        if is_news:
            notices.notify(
                kind=Notice.Kind.SECURITY,
                sentence=gettext_noop("数据备份失败：%(error)s。系统每小时重试，请尽快处理。"),
                values={"error": backup.error},
                url="/status/",
                at=at,
                action="backups.watch",
            )
    return backup


def _lock(backup_id) -> Backup:
    return Backup.objects.select_for_update(no_key=True, of=("self",)).get(id=backup_id)
