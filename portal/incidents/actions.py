"""Telling the city that something is out of order, how it goes on, and that it is over."""

from django.core.cache import caches
from django.db import transaction
from django.utils.translation import gettext as _

from portal.audit import actions as audit
from portal.incidents.models import Incident
from portal.incidents.queries import LASTING
from portal.shell.codes import new_code
from portal.shell.exceptions import IllegalMove


def post(*, kind, title, title_en, parts, starts_at, ends_at, text, text_en, by, at) -> Incident:
    """Put it on the status page; while it lasts, a banner stands on every page."""
    with transaction.atomic():
        incident = Incident.objects.create(
            code=new_code("IN"),
            kind=kind,
            title=title,
            title_en=title_en,
            parts=parts,
            starts_at=starts_at,
            ends_at=ends_at,
            posted_by=by,
        )
        incident.updates.create(text=text, text_en=text_en, told_at=at, told_by=by)
        audit.record(incident, "incident.posted", by=by, kind=kind, title=title, parts=parts)
        transaction.on_commit(lambda: caches["passing"].delete(LASTING))
    return incident


def tell(*, incident_id, text, text_en, is_over, by, at) -> Incident:
    """Say how it goes on, or that it is over; what is over stays as it was."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update(no_key=True, of=("self",)).get(id=incident_id)
        if incident.closed_at:
            raise IllegalMove(_("该事件已结束，不能再更新；如有新情况请另行发布。"))
        incident.updates.create(text=text, text_en=text_en, told_at=at, told_by=by)
        if is_over:
            incident.closed_at = at
            incident.save(update_fields=["closed_at"])
        audit.record(
            incident,
            "incident.told",
            by=by,
            text=text,
            before={"closed_at": ""},
            after={"closed_at": at.isoformat() if is_over else ""},
        )
        transaction.on_commit(lambda: caches["passing"].delete(LASTING))
    return incident
