"""Writing the files that are waited for."""

import logging

from celery import shared_task
from django.http import QueryDict
from django.utils import timezone, translation

from portal.accounts.permissions import can, memberships, reach_of
from portal.lists import actions as lists
from portal.lists.files import MOST_IN_BACKGROUND, file_of
from portal.lists.models import Export
from portal.shell import entries, tenancy

log = logging.getLogger(__name__)


@shared_task
def write_exports():
    """Write the files asked for, each as its asker may see it. Safe to run twice: the first to finish counts."""
    waiting = Export.objects.filter(status=Export.Status.QUEUED).order_by("id").select_related("user")
    for export in waiting[:5]:
        try:
            content, filename = _write(export)
        except Exception:
            log.exception("export %s could not be written", export.code)
            lists.give_up(export_id=export.id, at=timezone.now())
        else:
            lists.finish(export_id=export.id, content=content, filename=filename, at=timezone.now())


def _write(export):
    screen, user = entries.screens()[export.screen], export.user
    user._memberships = [m for m in memberships(user) if m.organization_id in export.organizations]
    if not user.is_active or (screen.action and not can(user, screen.action)):
        raise PermissionError(export.code)
    with tenancy.asking_for(reach_of(user)), translation.override(export.language):
        asked = screen.asked(user, QueryDict(export.query))
        content, _type, filename = file_of(
            asked,
            export.form,
            at=timezone.now(),
            most=MOST_IN_BACKGROUND,
            note=lambda rows: lists.note_progress(export_id=export.id, rows_written=rows),
        )
    return content, filename


@shared_task
def expire_exports():
    """Files are kept a week."""
    lists.expire(at=timezone.now())
