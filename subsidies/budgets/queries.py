"""How far a programme's money has gone."""

from dataclasses import dataclass

from django.db.models import F, Sum
from django.db.models.functions import ExtractMonth

from marketplace.ledger.models import Entry, Kind
from marketplace.ledger.queries import balances, totals_by_owner
from subsidies.budgets.models import Programme


@dataclass(frozen=True)
class Standing:
    """A programme's money in fen: budget = pool + issued; issued = usable + frozen + redeemed."""

    programme: Programme
    pool: int
    redeemed: int

    @property
    def issued(self) -> int:
        return self.programme.budget - self.pool


def standings(programmes) -> list[Standing]:
    """Where each of these programmes stands, in the same few queries however many there are."""
    programmes = list(programmes)
    pools = balances([Kind.POOL], [p.code for p in programmes])
    redeemed = totals_by_owner(Kind.SUBSIDY_ACCRUED, journal_kinds=["order-billed"])
    return [Standing(p, pools.get((Kind.POOL, p.code), 0), redeemed.get(p.code, 0)) for p in programmes]


def given_and_spent_by_month(year: int) -> tuple[dict[int, int], dict[int, int]]:
    """Fen issued to firms and fen redeemed, by month of the year, as the ledger booked them."""
    given: dict[int, int] = {}
    spent: dict[int, int] = {}
    rows = (
        Entry.objects.filter(
            journal__booked_at__year=year,
            journal__kind__in=["voucher-issued", "order-billed"],
            account__kind__in=[Kind.VOUCHER, Kind.SUBSIDY_ACCRUED],
        )
        .annotate(month=ExtractMonth("journal__booked_at"))
        .values("month", "journal__kind", "account__kind")
        .annotate(total=Sum(F("amount") * F("account__side")))
    )
    for row in rows:
        match row["journal__kind"], row["account__kind"]:
            case "voucher-issued", Kind.VOUCHER:
                given[row["month"]] = row["total"]
            case "order-billed", Kind.SUBSIDY_ACCRUED:
                spent[row["month"]] = row["total"]
    return given, spent
