"""The chain itself, in plain Python: this same file verifies an evidence package where nothing else is installed."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

FIRST = "0" * 64
CHECKPOINTS = "checkpoints"
ARCHIVES = "archives"
_EMPTY = hashlib.new("sm3")


@dataclass(frozen=True, slots=True)
class Link:
    """A seal and what it seals: the event's canonical text, None where the event is gone."""

    chain: str
    position: int
    previous: str
    digest: str
    event_id: int
    canonical: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain had come, and what its last link said."""

    position: int
    digest: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first link of a chain that does not hold."""

    chain: str
    position: int
    event_id: int | None
    reason: str


def digest_of(previous: str, canonical: str) -> str:
    """SM3 over the link before and the event's canonical text, in hex."""
    digest = _EMPTY.copy()
    digest.update(f"{previous}{canonical}".encode())
    return digest.hexdigest()


def statement(
    number: int, taken_at: str, seals_up_to: int, events_up_to: int, heads: Mapping, previous: str
) -> bytes:
    """What a checkpoint signs; `previous` is the SM3 of the statement before."""
    body = {
        "number": number,
        "taken_at": taken_at,
        "seals_up_to": seals_up_to,
        "events_up_to": events_up_to,
        "heads": dict(heads),
        "previous": previous,
    }
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def heads_by_chain(checkpoints: Iterable[Mapping[str, list]]) -> dict[str, list[Head]]:
    """What signed checkpoints promised of each chain, oldest first."""
    promised: dict[str, list[Head]] = {}
    for heads in checkpoints:
        for chain, (position, digest) in heads.items():
            promised.setdefault(chain, []).append(Head(position, digest))
    return promised


def breaks(
    links: Iterable[Link],
    promised: Mapping[str, list[Head]] | None = None,
    starts: Mapping[str, Head] | None = None,
) -> Iterator[Break]:
    """The first bad link of each chain.

    `links` come sorted by chain and position; `promised` are the heads that checkpoints signed; `starts` are
    the links after which the archive ends and the table begins.
    """
    promised, starts = promised or {}, starts or {}
    seen = set()
    waiting: list[Head] = []
    chain, last, is_broken, trusted = "", Head(0, FIRST), True, 0
    for link in links:
        if link.chain != chain:
            if not is_broken and waiting:
                yield Break(chain, last.position + 1, None, "truncated")
            chain, is_broken = link.chain, False
            seen.add(chain)
            last = starts.get(chain) or Head(0, FIRST)
            trusted = last.position
            waiting = [head for head in reversed(promised.get(chain, [])) if head.position > last.position]
        if is_broken:
            continue
        reason = objection(link, last)
        if reason:
            is_broken = True
            is_gone = reason == "missing"
            yield Break(
                chain,
                last.position + 1 if is_gone else link.position,
                None if is_gone else link.event_id,
                reason,
            )
            continue
        last = Head(link.position, link.digest)
        if waiting and waiting[-1].position == link.position:
            if waiting.pop().digest != link.digest:
                # All links agree with each other, so somebody sealed anew everything after the last true checkpoint.
                is_broken = True
                yield Break(chain, trusted + 1, None, "resealed")
            trusted = link.position
    if not is_broken and waiting:
        yield Break(chain, last.position + 1, None, "truncated")
    for name, heads in promised.items():
        start = starts.get(name) or Head(0, FIRST)
        if name not in seen and heads[-1].position > start.position:
            yield Break(name, start.position + 1, None, "truncated")


def objection(link: Link, last: Head) -> str:
    """Why this link does not follow the one before it; empty when it does."""
    if link.position != last.position + 1:
        return "missing"
    if link.previous != last.digest:
        return "reordered"
    if link.canonical is None:
        return "removed"
    if link.digest != digest_of(link.previous, link.canonical):
        return "edited"
    return ""
