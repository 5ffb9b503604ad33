"""The only way money moves."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from marketplace.ledger import sql
from marketplace.ledger.models import CHART, Account, Cause, Entry, Journal, JournalSeal, Kind
from portal.audit import actions as audit
from portal.audit import chain
from portal.shell.exceptions import Refusal

PLATFORM = "platform"
SEALING_LOCK = 0xB00C5
SNAPSHOT_EVERY = 1000


class InsufficientFunds(Refusal):
    """A purse would fall below zero."""

    status = 409
    code = "insufficient_funds"


class ReferenceReused(Exception):
    """A reference that moved money before was given again for something else: a mistake of ours, never moved."""


class AlreadyReversed(Refusal):
    """What was reversed cannot be reversed again."""

    status = 409
    code = "already_reversed"


class Line(NamedTuple):
    """One leg before it is posted: positive fen is debit, negative is credit."""

    kind: Kind
    owner: str
    amount: int


class Posting(NamedTuple):
    """A journal before it is posted."""

    reference: str
    kind: Cause
    subject: str
    lines: Iterable[Line]
    at: datetime
    reverses: int | None = None


Legs = dict[tuple[Kind, str], int]


def transfer(amount: int, debit: tuple[Kind, str], credit: tuple[Kind, str]) -> list[Line]:
    """Two legs of the same amount; none when there is nothing to move."""
    return [Line(*debit, amount), Line(*credit, -amount)] if amount else []


def post(reference: str, *, kind: Cause, subject: str, lines: Iterable[Line], at) -> int:
    """Post a balanced journal once, and tell its id: the same reference again moves nothing.

    Raises InsufficientFunds when a bounded account would fall below zero; the database refuses unbalanced lines and
    accounts that the cause may not move.
    """
    return post_all([Posting(reference, kind, subject, lines, at)])[0]


def post_all(postings: Sequence[Posting]) -> list[int]:
    """Post many journals in three statements, all or none, each once; their ids in the order given.

    Raises ReferenceReused when a reference stands for other legs already.
    """
    legs = {posting.reference: _merged(posting.lines) for posting in postings}
    with transaction.atomic():
        # In one order everywhere, so that two batches with journals in common never wait in a circle.
        opened = _open(sorted(postings, key=lambda posting: posting.reference), legs)
        _enter({journal_id: legs[reference] for reference, journal_id in opened.items()})
        known = [posting for posting in postings if posting.reference not in opened]
        _refuse_other_legs(known, legs)
        ids = opened | _ids(known)
    return [ids[posting.reference] for posting in postings]


def reverse(journal: Journal, *, at) -> int:
    """Undo a journal by its recorded legs, whatever the rules are by now. Saying it twice changes nothing."""
    if journal.reverses_id:
        raise AlreadyReversed(_("冲正凭证不能再次冲正，请登记新的调整。"))
    recorded = Entry.objects.filter(journal=journal).select_related("account")
    lines = [Line(Kind(leg.account.kind), leg.account.owner, -leg.amount) for leg in recorded]
    reference = f"reversal:{journal.reference}"
    return post_all([Posting(reference, Cause.REVERSAL, journal.subject, lines, at, journal.id)])[0]


def _merged(lines) -> Legs:
    merged: Legs = {}
    for kind, owner, amount in lines:
        key = (kind, owner)
        merged[key] = merged.get(key, 0) + amount
    return {key: merged[key] for key in sorted(merged) if merged[key]}


def _open(postings, legs) -> dict[str, int]:
    """The journals that are new, by reference."""
    rows = [
        {
            "reference": reference,
            "kind": kind,
            "subject": subject,
            "legs": len(legs[reference]),
            "reverses": reverses,
            "at": str(at),
        }
        for reference, kind, subject, _lines, at, reverses in postings
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.OPEN_JOURNALS, [json.dumps(rows)])
        return dict(cursor.fetchall())


def _enter(legs: dict[int, Legs]) -> None:
    accounts = _accounts({key for each in legs.values() for key in each})
    rows = [
        {"journal": journal, "account": accounts[key], "amount": amount}
        for journal, each in legs.items()
        for key, amount in each.items()
    ]
    if not rows:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.POST_ENTRIES, [json.dumps(rows)])
    except IntegrityError as clash:
        if "bounded_balance_is_never_negative" in str(clash):
            raise InsufficientFunds(_("余额不足，资金未发生变动。请充值或减少用量后重试。")) from clash
        raise


def _accounts(keys: set[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
    found = _known_accounts(keys)
    missing = sorted(keys - found.keys())
    if missing:
        Account.objects.bulk_create(
            [
                Account(
                    code=f"{CHART[kind][0]}:{kind}:{owner}",
                    book=CHART[kind][0],
                    kind=kind,
                    owner=owner,
                    side=CHART[kind][1],
                    is_bounded=CHART[kind][2],
                )
                for kind, owner in missing
            ],
            ignore_conflicts=True,
        )
        found |= _known_accounts(set(missing))
    return found


def _known_accounts(keys):
    rows = Account.objects.filter(kind__in={k for k, _o in keys}, owner__in={o for _k, o in keys})
    return {(kind, owner): id for kind, owner, id in rows.values_list("kind", "owner", "id")}


def _ids(postings) -> dict[str, int]:
    if not postings:
        return {}
    rows = Journal.objects.filter(reference__in=[p.reference for p in postings])
    return dict(rows.values_list("reference", "id"))


def _refuse_other_legs(postings, legs) -> None:
    """The same words again must mean the same money."""
    if not postings:
        return
    recorded: dict[str, Legs] = {p.reference: {} for p in postings}
    rows = Entry.objects.filter(journal__reference__in=recorded).values_list(
        "journal__reference", "account__kind", "account__owner", "amount"
    )
    for reference, kind, owner, amount in rows:
        recorded[reference][Kind(kind), owner] = amount
    for reference, before in recorded.items():
        if before != legs[reference]:
            raise ReferenceReused(reference)


# --- what time does to the books ----------------------------------------------------------------------
def seal(*, at, limit=1000) -> int:
    """Chain the journals not yet chained. Safe to run twice: one sealer at a time, one seal per journal."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALING_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(sql.UNSEALED, {"at": at, "limit": limit})
        last = JournalSeal.objects.order_by("-position").first()
        position, previous = (last.position, last.digest) if last else (0, chain.FIRST)
        seals = []
        for journal_id, canonical in cursor.fetchall():
            position += 1
            digest = chain.digest_of(previous, canonical)
            seals.append(
                JournalSeal(
                    journal_id=journal_id,
                    position=position,
                    previous=previous,
                    digest=digest,
                    sealed_at=at,
                )
            )
            previous = digest
        JournalSeal.objects.bulk_create(seals)
    return len(seals)


def anchor() -> None:
    """Say on the city's signed record how far the books' chain has come: whoever seals anew now contradicts it."""
    with transaction.atomic():
        head = JournalSeal.objects.order_by("-position").first()
        if head:
            audit.record(head, "books.anchored", by=None, position=head.position, digest=head.digest)


def take_snapshots(*, at, entries=SNAPSHOT_EVERY) -> int:
    """Remember what busy accounts came to, so that their balance need not be summed from the beginning."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SETTLED, {"at": at})
        settled = cursor.fetchone()[0]
        cursor.execute(sql.SNAPSHOTS_DUE, {"at": at, "settled": settled, "entries": entries})
        return cursor.rowcount
