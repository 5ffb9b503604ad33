"""The only way money moves."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from marketplace.ledger.models import CHART, Account, Entry, Journal, Kind
from portal.shell.exceptions import Refusal

PLATFORM = "platform"


class InsufficientFunds(Refusal):
    """A purse would fall below zero."""

    status = 409
    code = "insufficient_funds"


class Line(NamedTuple):
    """One leg before it is posted: positive fen is debit, negative is credit."""

    kind: Kind
    owner: str
    amount: int


def transfer(amount: int, debit: tuple[Kind, str], credit: tuple[Kind, str]) -> list[Line]:
    """Two legs of the same amount; none when there is nothing to move."""
    return [Line(*debit, amount), Line(*credit, -amount)] if amount else []


def _accounts(keys: set[tuple[Kind, str]]) -> dict[tuple[str, str], int]:
    found = _known(keys)
    missing = keys - found.keys()
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
                for kind, owner in sorted(missing)
            ],
            ignore_conflicts=True,
        )
        found = _known(keys)
    return found


def _known(keys):
    rows = Account.objects.filter(kind__in={k for k, _o in keys}, owner__in={o for _k, o in keys})
    return {(Kind(kind), owner): id for kind, owner, id in rows.values_list("kind", "owner", "id")}


def post(reference: str, *, kind: str, subject: str, lines: Iterable[Line], at) -> Journal:
    """Post a balanced journal once: the same reference again returns the first journal and moves nothing.

    Raises InsufficientFunds when a bounded account would fall below zero; the database refuses unbalanced lines.
    """
    merged: dict[tuple[Kind, str], int] = {}
    for line in lines:
        key = (Kind(line.kind), line.owner)
        merged[key] = merged.get(key, 0) + line.amount
    legs = {key: amount for key, amount in merged.items() if amount}
    with transaction.atomic():
        try:
            with transaction.atomic():
                journal = Journal.objects.create(
                    reference=reference, kind=kind, subject=subject, entry_count=len(legs), booked_at=at
                )
        except IntegrityError:
            return Journal.objects.get(reference=reference)
        accounts = _accounts(set(legs))
        entries = [
            Entry(journal=journal, account_id=accounts[key], amount=amount)
            for key, amount in sorted(legs.items())
        ]
        try:
            with transaction.atomic():
                Entry.objects.bulk_create(entries)
        except IntegrityError as clash:
            if "bounded_balance_is_never_negative" in str(clash):
                raise InsufficientFunds(_("余额不足，资金未发生变动。请充值或减少用量后重试。")) from clash
            raise
    return journal
