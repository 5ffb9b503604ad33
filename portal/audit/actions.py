"""Writing to the record, and closing it link by link."""

from django.db import connection, transaction
from django.db.models import Max

from portal.audit import chain
from portal.audit.canonical import UNSEALED
from portal.audit.models import Archive, Checkpoint, Event, Seal
from portal.audit.register import EVENTS
from portal.crypto import provider
from portal.shell import tenancy
from portal.shell.middleware import named_request_id

SEALING_LOCK = 0x5EA1
PLATFORM_CHAIN = "platform"


class UnregisteredEvent(LookupError):
    """A word that the register of events does not know."""


@tenancy.citywide()
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
        request_id=named_request_id(),
        details=details,
    )


def seal(*, limit=1000) -> int:
    """Chain the events not yet chained. Safe to run twice: one sealer at a time, one seal per event."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not _is_alone(cursor):
                return 0
            words = {"platform": PLATFORM_CHAIN, "after": _looked_up_to(), "limit": limit}
            cursor.execute(UNSEALED, words)
            waiting = cursor.fetchall()
        chains = {name for _id, name, _canonical in waiting}
        last: dict[str, Seal | chain.Head] = {
            s.chain: s
            for s in Seal.objects.filter(chain__in=chains).order_by("chain", "-position").distinct("chain")
        }
        if archive := Archive.objects.last():
            last = {**archive.heads, **last}
        seals = []
        for event_id, name, canonical in waiting:
            before = last.get(name)
            previous = before.digest if before else chain.FIRST
            last[name] = link = Seal(
                event_id=event_id,
                chain=name,
                position=before.position + 1 if before else 1,
                previous=previous,
                digest=chain.digest_of(previous, canonical),
            )
            seals.append(link)
        Seal.objects.bulk_create(seals)
    return len(seals)


def take_checkpoint(*, at) -> Checkpoint | None:
    """Sign how far every chain that moved since the last time has come; None while somebody else is sealing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not _is_alone(cursor):
                return None
        before = Checkpoint.objects.last()
        moved = Seal.objects.filter(id__gt=before.seals_up_to if before else 0)
        heads = moved.order_by("chain", "-position").distinct("chain")
        checkpoint = Checkpoint(
            number=before.number + 1 if before else 1,
            taken_at=at,
            seals_up_to=Seal.objects.aggregate(last=Max("id"))["last"] or 0,
            events_up_to=Event.objects.aggregate(last=Max("id"))["last"] or 0,
            heads={s.chain: [s.position, s.digest] for s in heads},
            previous=before.digest if before else chain.FIRST,
        )
        signature = provider().sign(checkpoint.statement())
        checkpoint.key_id, checkpoint.algorithm = signature.key_id, signature.algorithm
        checkpoint.signature = signature.value
        checkpoint.save(force_insert=True)
    return checkpoint


def _is_alone(cursor) -> bool:
    """One sealer at a time, to the end of its transaction."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALING_LOCK])
    return cursor.fetchone()[0]


def _looked_up_to() -> int:
    """Every event up to here was seen: a transaction that began before the last but one checkpoint is long over."""
    checked = Checkpoint.objects.order_by("-number").values_list("events_up_to", flat=True)[1:2]
    return checked[0] if checked else 0
