"""How far a programme's money has gone."""

from dataclasses import dataclass

from marketplace.ledger.models import Kind
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
