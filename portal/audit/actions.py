"""Writing to the record, and closing it link by link."""

from django.db import connection, transaction

from portal.audit.models import Event, Seal
from portal.audit.register import EVENTS
from portal.shell.middleware import current_request_id

SEALING_LOCK = 0x5EA1
PLATFORM_CHAIN = "platform"


class UnregisteredEvent(LookupError):
    """A word that the register of events does not know."""


def record(subject, name: str, /, *, by, organization=None, **details) -> Event:
    """Note what happened, in the caller's transaction: if this cannot be written, the deed is undone too."""
    if name not in EVENTS:
        raise UnregisteredEvent(name)
    return Event.objects.create(
        name=name,
        subject_type=subject._meta.model_name,
        subject_code=subject.code,
        organization=organization or getattr(subject, "organization", None),
        actor=by,
        request_id=current_request_id.get() if current_request_id.get() != "-" else "",
        details=details,
    )


def seal(*, limit=1000) -> int:
    """Chain the events not yet chained. Safe to run twice: one sealer at a time, one seal per event."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALING_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        events = list(Event.objects.unsealed().select_related("organization").order_by("id")[:limit])
        chains = {e.organization.code if e.organization else PLATFORM_CHAIN for e in events}
        last = {
            s.chain: s
            for s in Seal.objects.filter(chain__in=chains).order_by("chain", "-position").distinct("chain")
        }
        seals = []
        for event in events:
            chain = event.organization.code if event.organization else PLATFORM_CHAIN
            before = last.get(chain)
            previous = before.digest if before else Seal.FIRST
            last[chain] = link = Seal(
                event=event,
                chain=chain,
                position=before.position + 1 if before else 1,
                previous=previous,
                digest=Seal.digest_of(previous, event.canonical()),
            )
            seals.append(link)
        Seal.objects.bulk_create(seals)
    return len(seals)
