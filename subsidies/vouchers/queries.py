"""What vouchers are still worth."""

from dataclasses import dataclass

from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balances
from portal.accounts.permissions import serves
from subsidies.vouchers.models import Voucher


@dataclass(frozen=True)
class Worth:
    """A voucher in fen: what can be spent, what is set aside for orders, what is gone."""

    voucher: Voucher
    left: int
    frozen: int

    @property
    def redeemed(self) -> int:
        is_over = self.voucher.status == Voucher.Status.EXPIRED
        return 0 if is_over else self.voucher.amount - self.left - self.frozen


def may_issue(user, programme) -> bool:
    """The city's money is given out by the city's officers, a district's by its own."""
    return serves(user, "vouchers.issue", programme.payer)


def worths(vouchers) -> list[Worth]:
    """What each of these vouchers is worth, in one query more."""
    vouchers = list(vouchers)
    found = balances([Kind.VOUCHER, Kind.VOUCHER_FROZEN], [v.code for v in vouchers])
    return [
        Worth(v, found.get((Kind.VOUCHER, v.code), 0), found.get((Kind.VOUCHER_FROZEN, v.code), 0))
        for v in vouchers
    ]
