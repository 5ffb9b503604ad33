"""What goes wrong with bank and provider, one accident at a time, and the names by which the city must find it."""

from itertools import cycle, islice

from django.utils import timezone

from marketplace.payments.actions import record_bank_receipt

# A name is (where it shows, what it is called, what it is about).
Name = tuple[str, str, str]
TAKEN, BACK = {"charge", "payment"}, {"refund", "payment_refund"}
# Lines beside the true ones, which stay whole.
STRANGERS = {"missing_here", "unknown_kind"}


class AtTheProvider:
    """Lines of the provider's account that are lost, doubled or wrong."""

    def __init__(self, chance, peer):
        self.chance, self.peer = chance, peer
        self.entries = peer.rows.setdefault("balance_transaction", {})
        self.whole, self.taken = [], []
        self.seen = 0

    def look(self):
        """What was booked since the last look is still whole."""
        fresh = list(self.entries.values())[self.seen :]
        self.whole += [row for row in fresh if row["type"] in TAKEN | BACK]
        self.seen = len(self.entries)

    def close_day(self):
        """What was taken over today can only be altered."""
        self.look()
        self.taken, self.whole = self.whole, []

    def do(self, sort) -> list[Name] | None:
        """One accident of this sort; nothing where there is nothing it could happen to."""
        rows = self._possible_victims(sort)
        if not rows:
            return None
        row = self.chance.choice(rows)
        if sort not in STRANGERS:
            (self.taken if sort == "altered" else self.whole).remove(row)
        names = getattr(self, f"_{sort}")(row)
        self.seen = len(self.entries)
        return [("account", *name) for name in names]

    def _possible_victims(self, sort):
        if sort in STRANGERS:
            return list(self.entries.values())
        kinds = BACK if sort.startswith("refund_") else TAKEN
        return [row for row in (self.taken if sort == "altered" else self.whole) if row["type"] in kinds]

    def _about(self, row) -> str:
        table = "refund" if row["source"].startswith("re_") else "charge"
        said = self.peer.rows[table][row["source"]]["metadata"]
        return said.get("refund") or said["payment"]

    def _again(self, row, **other):
        copy = {name: value for name, value in row.items() if name not in ("id", "object", "created")}
        return self.peer.add("balance_transaction", "txn", **copy | other)

    def _missing_there(self, row):
        del self.entries[row["id"]]
        return [("missing_there", self._about(row))]

    _refund_missing = _missing_there

    def _missing_here(self, row):
        self.peer.counter += 1
        number = f"pi_{self.peer.counter:08d}"
        charge = self.peer.add("charge", "ch", payment_intent=number, metadata={})
        self._again(row, type="charge", source=charge["id"], amount=abs(row["amount"]), fee=0)
        return [("missing_here", number)]

    def _other_amount(self, row):
        row["amount"] += self.chance.choice([-1, 1, 100])
        return [("other_amount", self._about(row))]

    _refund_other_amount = _other_amount

    def _other_currency(self, row):
        row["currency"] = "usd"
        return [("other_currency", self._about(row))]

    def _duplicate(self, row):
        self._again(row)
        return [("duplicate", self._about(row))]

    _refund_doubled = _duplicate

    def _fee_differs(self, row):
        row["fee"] += self.chance.choice([-1, 1, 50])
        return [("fee_differs", self._about(row))]

    def _unknown_kind(self, row):
        odd = self._again(row, type="adjustment", amount=-5, fee=0)
        return [("unknown_kind", odd["id"])]

    def _altered(self, row):
        row["amount"] += self.chance.choice([-1, 1, 100])
        return [("altered", row["id"])]


class AtTheBank:
    """Transfers of which nobody can tell whose they are, and money that does not come."""

    def __init__(self, chance, the_bank, buyers, clock):
        self.chance, self.bank, self.buyers, self.clock = chance, the_bank, buyers, clock

    def do(self, sort) -> list[Name]:
        firm = self.buyers.any_firm()
        payment = self.buyers.top_up("transfer", firm)
        return getattr(self, f"_{sort}")(payment, firm)

    def _line(self, finding, payment, firm, **other):
        said = {"amount": payment.amount, "party": firm.name, "remark": f"充值 {payment.code}"} | other
        return [("bank", finding, self.bank.move(**said))]

    def _other_amount(self, payment, firm):
        return self._line(
            "other_amount", payment, firm, amount=payment.amount + self.chance.choice([-1, 1, 100])
        )

    def _third_party(self, payment, firm):
        return self._line("third_party", payment, firm, party="某某个人")

    def _no_number(self, payment, firm):
        return self._line("no_number", payment, firm, remark="货款")

    def _unknown_number(self, payment, firm):
        return self._line("unknown_number", payment, firm, remark=f"{payment.code[:-8]}ZZZZZZZZ")

    def _several_numbers(self, payment, firm):
        other = next(code for code in self.buyers.firms if code != firm.code)
        return self._line("several_numbers", payment, firm, remark=f"{payment.code} {other}")

    def _paid_already(self, payment, firm):
        self._line("", payment, firm)
        return self._line("paid_already", payment, firm)

    def _paid_out(self, payment, firm):
        return self._line("paid_out", payment, firm, amount=-1_000, party="厦门银行", remark="手续费")

    def _never_seen(self, payment, firm):
        """Finance typed an arrival that the bank never shows."""
        receipt = record_bank_receipt(
            organization=firm, bank_reference=f"TYPED-{payment.code}", amount=payment.amount,
            received_on=timezone.localdate(self.clock()), by=self.buyers.people["finance"], at=self.clock(),
        )  # fmt: skip
        return [("receipt", "unconfirmed", receipt.code)]


ACCOUNT = (
    "missing_there", "missing_here", "other_amount", "other_currency", "duplicate", "fee_differs", "unknown_kind",
    "altered", "refund_missing", "refund_doubled", "refund_other_amount",
)  # fmt: skip
STATEMENT = (
    "other_amount", "third_party", "no_number", "unknown_number", "several_numbers", "paid_already", "paid_out",
    "never_seen",
)  # fmt: skip
PAYOUT = "short_payout"


def plan(count, days, chance) -> dict[int, list[tuple[str, str]]]:
    """Which accidents happen on which day: every sort as often as the others, payouts no oftener than there are days."""
    sorts = (
        [("account", sort) for sort in ACCOUNT] + [("bank", sort) for sort in STATEMENT] + [("bank", PAYOUT)]
    )
    every = list(islice(cycle(sorts), count))
    by_day: dict[int, list[tuple[str, str]]] = {day: [] for day in range(days)}
    payouts = [one for one in every if one[1] == PAYOUT]
    for day, one in zip(chance.sample(range(days), len(payouts)), payouts, strict=True):
        by_day[day].append(one)
    for one in every:
        if one[1] != PAYOUT:
            by_day[chance.randrange(days)].append(one)
    return by_day
