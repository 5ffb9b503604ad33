"""Whether the record is still what was written."""

from dataclasses import dataclass

from portal.audit.models import Event, Seal


@dataclass(frozen=True)
class Break:
    """The first link of a chain that does not hold."""

    chain: str
    position: int
    event_id: int | None
    reason: str


def breaks() -> list[Break]:
    """Walk every chain and name the first bad row of each; an empty list means nothing was rewritten."""
    found: dict[str, Break] = {}
    last: dict[str, Seal] = {}
    for link in Seal.objects.order_by("chain", "position").select_related("event").iterator(chunk_size=2000):
        if link.chain in found:
            continue
        before = last.get(link.chain)
        expected = before.digest if before else Seal.FIRST
        position = before.position + 1 if before else 1
        if link.position != position:
            found[link.chain] = Break(link.chain, position, None, "missing")
        elif link.previous != expected:
            found[link.chain] = Break(link.chain, link.position, link.event_id, "reordered")
        elif link.digest != Seal.digest_of(expected, link.event.canonical()):
            found[link.chain] = Break(link.chain, link.position, link.event_id, "edited")
        last[link.chain] = link
    return list(found.values())


def of_subject(subject):
    """What happened to one thing, oldest first."""
    return (
        Event.objects.filter(subject_type=subject._meta.model_name, subject_code=subject.code)
        .select_related("actor")
        .order_by("id")
    )
