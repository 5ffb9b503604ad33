"""What the books say."""

from collections.abc import Iterable

from django.db.models import F, Sum

from marketplace.ledger.models import CHART, Account, Entry, Kind


def balance(kind: Kind, owner: str) -> int:
    """Fen on one account, on its normal side; 0 if it was never used."""
    _book, side, is_bounded = CHART[kind]
    if is_bounded:
        return Account.objects.filter(kind=kind, owner=owner).values_list("balance", flat=True).first() or 0
    total = Entry.objects.filter(account__kind=kind, account__owner=owner).aggregate(total=Sum("amount"))[
        "total"
    ]
    return side * (total or 0)


def balances(kinds: Iterable[Kind], owners: Iterable[str]) -> dict[tuple[str, str], int]:
    """Balances of bounded accounts by (kind, owner), in one query."""
    rows = Account.objects.filter(kind__in=list(kinds), owner__in=list(owners), is_bounded=True)
    return {(kind, owner): amount for kind, owner, amount in rows.values_list("kind", "owner", "balance")}


def totals_by_owner(kind: Kind, *, journal_kinds: Iterable[str] | None = None) -> dict[str, int]:
    """What moved on every account of a kind, on its normal side, by owner."""
    entries = Entry.objects.filter(account__kind=kind)
    if journal_kinds is not None:
        entries = entries.filter(journal__kind__in=list(journal_kinds))
    rows = entries.values("account__owner").annotate(total=Sum(F("amount") * F("account__side")))
    return {row["account__owner"]: row["total"] for row in rows}


def moves(kind: Kind, owner: str):
    """An account's movements, newest first, with their journals."""
    return (
        Entry.objects.filter(account__kind=kind, account__owner=owner)
        .select_related("journal")
        .order_by("-id")
    )
