"""How safe the city's rows are at this moment."""

from datetime import timedelta

from django.db.models import Max

from portal.backups.models import Backup

LATE = timedelta(hours=26)


def newest_at():
    """When the newest whole copy was begun: what came later would be lost; None where there is no copy."""
    return Backup.objects.good().aggregate(at=Max("begun_at"))["at"]


def state(at) -> str:
    """ "ok"; "failed" or "late", which somebody must look into; "none" where copies have not begun."""
    last = Backup.objects.first()
    if last is None:
        return "none"
    newest = newest_at()
    if last.error:
        return "failed"
    return "late" if at - (newest or last.begun_at) > LATE else "ok"
