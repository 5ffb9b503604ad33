"""Whether the record is still what was written."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from portal.audit import chain, store
from portal.audit.canonical import LINKS
from portal.audit.chain import Break, Link
from portal.audit.models import Archive, Checkpoint, Event, Seal
from portal.crypto import Signature, provider
from portal.shell import tenancy

ROWS_AT_ONCE = 5000
# A transaction that has not ended by then was ended by the database.
SLOWEST = timedelta(hours=1)
REASONS = {
    "missing": _("此处缺少记录"),
    "removed": _("事件已被删除"),
    "edited": _("内容被改动"),
    "reordered": _("次序被调换"),
    "truncated": _("尾部被截断"),
    "resealed": _("此处之后被整体重新封存"),
    "unsealed": _("封存信息被移除"),
    "differs": _("与第二存储中的副本不一致"),
}


def breaks() -> list[Break]:
    """The first bad row of each chain and of the checkpoints; an empty list means that nothing was rewritten."""
    checkpoints = list(Checkpoint.objects.order_by("number"))
    promised = chain.heads_by_chain(checkpoint.heads for checkpoint in checkpoints)
    return [
        *checkpoint_breaks(checkpoints),
        *archive_breaks(),
        *chain.breaks(links(), promised, starts()),
        *forgotten(checkpoints),
    ]


def breaks_of(organization_ids) -> list[Break]:
    """The same for some organisations' chains, which are named by their codes."""
    # A checkpoint names every chain, so only the city sees it; here it is asked for one's own.
    with tenancy.citywide():
        promised = chain.heads_by_chain(Checkpoint.objects.order_by("number").values_list("heads", flat=True))
    of_theirs = Event.objects.filter(organization_id__in=organization_ids)
    codes = set(of_theirs.order_by().values_list("organization__code", flat=True).distinct())
    own = {name: heads for name, heads in promised.items() if name in codes}
    theirs = links("WHERE seal.chain = ANY(%(chains)s)", {"chains": list(codes)})
    return list(chain.breaks(theirs, own, starts()))


@tenancy.citywide()
def starts() -> dict[str, chain.Head]:
    """After which link of each chain the archive ends and the table begins."""
    archive = Archive.objects.last()
    return archive.heads if archive else {}


def archive_breaks() -> list[Break]:
    """The first note of an archive that is not as it was signed."""
    for number, archive in enumerate(Archive.objects.order_by("number"), 1):
        signature = Signature(archive.key_id, archive.algorithm, archive.signature)
        if archive.number != number:
            return [Break(chain.ARCHIVES, number, None, "missing")]
        if not provider().verify(archive.statement(), signature):
            return [Break(chain.ARCHIVES, number, None, "edited")]
    return []


def holds(seal: Seal) -> bool:
    """Whether one link still follows the one before it and says what was sealed."""
    before = Seal.objects.filter(chain=seal.chain, position=seal.position - 1).first()
    first = starts().get(seal.chain) or chain.Head(0, chain.FIRST)
    last = chain.Head(before.position, before.digest) if before else first
    where = "WHERE seal.chain = %(chain)s AND seal.position = %(position)s"
    return not any(
        chain.objection(link, last) for link in links(where, {"chain": seal.chain, "position": seal.position})
    )


def reason_in_words(reason: str) -> str:
    """Why a link does not hold, in the reader's words."""
    return str(REASONS.get(reason, reason))


def links(where="", values=None) -> Iterator[Link]:
    """Every seal with the canonical text of its event, by chain and position."""
    # Inside a transaction the rows stay on the server until they are asked for.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(LINKS.format(where=where), values)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for row in rows:
                yield Link(*row)


def checkpoint_breaks(checkpoints: list[Checkpoint]) -> list[Break]:
    """The first checkpoint that is missing, altered or not signed by us, or that only the second store still has."""
    copies = store.checkpoints()
    previous, number = chain.FIRST, 0
    for checkpoint in checkpoints:
        number += 1
        if checkpoint.number != number:
            return [Break(chain.CHECKPOINTS, number, None, "missing")]
        if checkpoint.previous != previous:
            return [Break(chain.CHECKPOINTS, number, None, "reordered")]
        signature = Signature(checkpoint.key_id, checkpoint.algorithm, checkpoint.signature)
        if not provider().verify(checkpoint.statement(), signature):
            return [Break(chain.CHECKPOINTS, number, None, "edited")]
        if copies.get(number, checkpoint.as_json()) != checkpoint.as_json():
            return [Break(chain.CHECKPOINTS, number, None, "differs")]
        previous = checkpoint.digest
    if max(copies, default=0) > number:
        return [Break(chain.CHECKPOINTS, number + 1, None, "truncated")]
    return []


def forgotten(checkpoints: list[Checkpoint]) -> list[Break]:
    """Events that were there two checkpoints ago and stand in no chain: their seals were taken away."""
    if len(checkpoints) < 2:
        return []
    lost = Event.objects.unsealed().filter(id__lte=checkpoints[-2].events_up_to).order_by("id").first()
    return (
        [Break(lost.organization.code if lost.organization else "", 0, lost.id, "unsealed")] if lost else []
    )


@tenancy.citywide()
def recent(since):
    """What happened since then; the checkpoints say from which number on to look, so that it costs the same every year."""
    before = Checkpoint.objects.filter(taken_at__lt=since - SLOWEST).order_by("-number").first()
    seen_up_to = before.events_up_to if before else 0
    return Event.objects.filter(id__gt=seen_up_to, happened_at__gte=since)


@tenancy.citywide()
def unsealed_count() -> int:
    """How many events wait for their place in the chain, of those that `forgotten` does not look after."""
    checked = Checkpoint.objects.order_by("-number").values_list("events_up_to", flat=True)[1:2]
    return Event.objects.unsealed().filter(id__gt=checked[0] if checked else 0).count()


def of_subject(subject):
    """What happened to one thing, oldest first."""
    return (
        Event.objects.filter(subject_type=subject._meta.model_name, subject_code=subject.code)
        .select_related("actor")
        .order_by("id")
    )
