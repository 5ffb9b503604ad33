"""What the books say."""

from collections.abc import Iterable, Iterator

from django.db import connection, transaction
from django.db.models import F, Sum

from marketplace.ledger import sql
from marketplace.ledger.models import CHART, Account, Entry, Journal, Kind
from portal.audit import chain
from portal.audit.models import Event

ROWS_AT_ONCE = 5000


def balance(kind: Kind, owner: str) -> int:
    """Fen on one account, on its normal side; 0 if it was never used."""
    with connection.cursor() as cursor:
        cursor.execute(sql.BALANCE, [kind, owner])
        (fen,) = cursor.fetchone() or (0,)
    return int(fen)


def balance_as_of(kind: Kind, owner: str, *, booked, known=None) -> int:
    """What an account came to by the end of a moment; with `known`, as the books then knew it."""
    entries = Entry.objects.filter(account__kind=kind, account__owner=owner, journal__booked_at__lte=booked)
    if known:
        entries = entries.filter(journal__created_at__lte=known)
    return CHART[kind][1] * (entries.aggregate(total=Sum("amount"))["total"] or 0)


def balances(kinds: Iterable[Kind], owners: Iterable[str]) -> dict[tuple[str, str], int]:
    """Balances of bounded accounts by (kind, owner), in one query."""
    rows = Account.objects.filter(kind__in=list(kinds), owner__in=list(owners), is_bounded=True)
    return {(kind, owner): amount for kind, owner, amount in rows.values_list("kind", "owner", "balance")}


def purse_of(owner: str) -> dict[str, int]:
    """What the bounded accounts of one owner hold, by kind."""
    rows = Account.objects.filter(owner=owner, kind__in=[kind for kind in CHART if CHART[kind][2]])
    return dict(rows.values_list("kind", "balance"))


def totals_by_owner(kind: Kind, *, journal_kinds: Iterable[str] | None = None) -> dict[str, int]:
    """What moved on every account of a kind, on its normal side, by owner."""
    entries = Entry.objects.filter(account__kind=kind)
    if journal_kinds is not None:
        entries = entries.filter(journal__kind__in=list(journal_kinds))
    rows = entries.values("account__owner").annotate(total=Sum(F("amount") * F("account__side")))
    return {row["account__owner"]: row["total"] for row in rows}


def moves(kind: Kind, owner: str):
    """An account's movements, newest first, with their journals; `change` is on the account's normal side."""
    return (
        Entry.objects.filter(account__kind=kind, account__owner=owner)
        .annotate(change=F("amount") * F("account__side"))
        .select_related("journal")
        .order_by("-id")
    )


# --- whether the books hold ---------------------------------------------------------------------------
JOURNALS_THAT_FAIL = """
    SELECT j.reference, coalesce(sum(e.amount), 0), count(e.id), j.entry_count
      FROM marketplace_journal j
      LEFT JOIN marketplace_entry e ON e.journal_id = j.id
      LEFT JOIN marketplace_account a ON a.id = e.account_id
     GROUP BY j.id, a.book
    HAVING coalesce(sum(e.amount), 0) <> 0
        OR (SELECT count(*) FROM marketplace_entry x WHERE x.journal_id = j.id) <> j.entry_count
"""
LEGS_THAT_FAIL = """
    SELECT e.id FROM marketplace_entry e LEFT JOIN marketplace_journal j ON j.id = e.journal_id
     WHERE j.id IS NULL ORDER BY e.id
"""
BALANCES_THAT_FAIL = """
    SELECT a.code, a.balance, coalesce(sum(e.amount), 0) * a.side
      FROM marketplace_account a LEFT JOIN marketplace_entry e ON e.account_id = a.id
     WHERE a.is_bounded
     GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0) * a.side
"""
SNAPSHOTS_THAT_FAIL = """
    SELECT a.code, s.up_to, s.total, coalesce(sum(e.amount), 0)
      FROM marketplace_snapshot s JOIN marketplace_account a ON a.id = s.account_id
      LEFT JOIN marketplace_entry e ON e.account_id = s.account_id AND e.id <= s.up_to
     GROUP BY a.code, s.id HAVING s.total <> coalesce(sum(e.amount), 0)
"""


def breaks() -> Iterator[str]:
    """Every row of the books that contradicts another, by name."""
    with connection.cursor() as cursor:
        cursor.execute(JOURNALS_THAT_FAIL)
        for reference, total, legs, announced in cursor.fetchall():
            yield f"journal {reference}: sum {total}, {legs} of {announced} legs"
        cursor.execute(LEGS_THAT_FAIL)
        for (entry,) in cursor.fetchall():
            yield f"entry {entry}: its journal is gone"
        cursor.execute(BALANCES_THAT_FAIL)
        for code, kept, counted in cursor.fetchall():
            yield f"account {code}: balance {kept}, entries say {counted}"
        cursor.execute(SNAPSHOTS_THAT_FAIL)
        for code, up_to, kept, counted in cursor.fetchall():
            yield f"snapshot of {code} at entry {up_to}: {kept}, entries say {counted}"
    for found in chain.breaks(links(), anchors()):
        yield f"journal {_reference(found)}: {found.reason} (JN-{found.position})"


def differences(name: str, books: dict[str, int], rows: dict[str, int]) -> Iterator[str]:
    """Where the books and other rows tell different fen of an owner, by name."""
    for owner in sorted(books.keys() | rows.keys()):
        if books.get(owner, 0) != rows.get(owner, 0):
            yield f"{name} {owner}: ledger {books.get(owner, 0)}, rows say {rows.get(owner, 0)}"


def kept(kind: Kind) -> dict[str, int]:
    """The balances of a kind of bounded accounts, by owner."""
    return dict(Account.objects.filter(kind=kind, is_bounded=True).values_list("owner", "balance"))


def links() -> Iterator[chain.Link]:
    """Every seal of the books with the canonical text of its journal."""
    # Inside a transaction the rows stay on the server until they are asked for.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql.LINKS)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for row in rows:
                yield chain.Link(*row)


def anchors() -> dict[str, list[chain.Head]]:
    """How far the chain had come, as the city's signed record says."""
    said = Event.objects.filter(name="books.anchored").order_by("id").values_list("details", flat=True)
    return {"books": [chain.Head(d["position"], d["digest"]) for d in said]} if said else {}


def _reference(found: chain.Break) -> str:
    known = Journal.objects.filter(id=found.event_id).values_list("reference", flat=True).first()
    return known or f"after JN-{found.position - 1}"
