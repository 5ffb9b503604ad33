"""Random lives of two purses against a model in plain Python: whatever happens, in whatever order, every fen is accounted for."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from marketplace.funding import actions as funding
from marketplace.funding.models import FundingHold
from marketplace.funding.protocol import Purchase
from marketplace.funding.queries import Means, credit_line
from marketplace.funding.sources import all_sources
from marketplace.ledger import actions as ledger
from marketplace.ledger import queries as books
from marketplace.ledger.actions import PLATFORM, InsufficientFunds, Line, Posting, transfer
from marketplace.ledger.models import CHART, Account, Cause, Entry, Journal, Kind
from marketplace.ledger.queries import balance
from subsidies.budgets.models import Programme
from subsidies.vouchers import actions as vouchers
from subsidies.vouchers.models import Voucher
from tests.city import NOON

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIRMS = st.sampled_from(["EN-A", "EN-B"])
FEN = st.integers(min_value=1, max_value=10_000)
SOME_RUNS = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


class InATransaction(RuleBasedStateMachine):
    """Every life begins in the same city and is taken back at its end."""

    def __init__(self):
        super().__init__()
        self.frame = transaction.atomic()
        self.frame.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.frame.__exit__(None, None, None)


class Ledger(InATransaction):
    """Postings, repeated and reversed, one by one and in batches; the model is a dict of balances."""

    journals = Bundle("journals")

    def __init__(self):
        super().__init__()
        self.model = Counter()
        self.known = {}
        self.reversed = set()

    def move(self, lines, sign=1):
        """Whether the purses allow it; the model moves along."""
        after = Counter(self.model)
        for line in lines:
            after[line.kind, line.owner] += sign * line.amount * CHART[line.kind][1]
        if any(amount < 0 and CHART[kind][2] for (kind, _owner), amount in after.items()):
            return False
        self.model = after
        return True

    def post(self, postings):
        fresh = {p.reference: p for p in postings if p.reference not in self.known}
        before = Counter(self.model)
        is_possible = all(self.move(p.lines) for p in fresh.values())
        try:
            ledger.post_all(postings)
        except InsufficientFunds:
            assert not is_possible
            self.model = before
        else:
            # One after the other may fall short where the whole batch does not; a batch is one moment.
            self.model = before
            for p in fresh.values():
                for line in p.lines:
                    self.model[line.kind, line.owner] += line.amount * CHART[line.kind][1]
            self.known |= fresh

    def new(self, cause, firm, amount, debit, credit):
        reference = f"{cause}-{len(self.known)}-{firm}-{amount}"
        return Posting(reference, cause, firm, transfer(amount, debit, credit), NOON)

    @rule(target=journals, firm=FIRMS, amount=FEN)
    def receive(self, firm, amount):
        p = self.new(Cause.BANK_RECEIPT, firm, amount, (Kind.BANK, PLATFORM), (Kind.PREPAID, firm))
        self.post([p])
        return p

    @rule(target=journals, firm=FIRMS, amount=FEN)
    def hold(self, firm, amount):
        p = self.new(Cause.ORDER_HELD, firm, amount, (Kind.PREPAID, firm), (Kind.PREPAID_HELD, firm))
        self.post([p])
        return p

    @rule(first=journals, second=journals, firm=FIRMS, amount=FEN)
    def batch(self, first, second, firm, amount):
        new = self.new(Cause.BANK_RECEIPT, firm, amount, (Kind.BANK, PLATFORM), (Kind.PREPAID, firm))
        self.post(list({p.reference: p for p in (first, new, second)}.values()))

    @rule(posting=journals)
    def say_it_again(self, posting):
        if posting.reference in self.known:
            self.post([posting])

    @rule(posting=journals)
    def reverse(self, posting):
        if posting.reference not in self.known:
            return
        journal = Journal.objects.get(reference=posting.reference)
        if posting.reference in self.reversed:
            ledger.reverse(journal, at=NOON)
            return
        is_possible = self.move(posting.lines, sign=-1)
        try:
            ledger.reverse(journal, at=NOON)
        except InsufficientFunds:
            assert not is_possible
        else:
            assert is_possible
            self.reversed.add(posting.reference)

    @rule()
    def seal(self):
        ledger.seal(at=NOON)
        ledger.take_snapshots(at=NOON + timedelta(hours=2), entries=1)

    @invariant()
    def the_books_say_what_the_model_says(self):
        kept = {
            (Kind(kind), owner): balance(Kind(kind), owner)
            for kind, owner in Account.objects.values_list("kind", "owner")
        }
        assert {key: amount for key, amount in kept.items() if amount} == {
            key: amount for key, amount in self.model.items() if amount
        }
        assert len(self.known) + len(self.reversed) == Journal.objects.count()

    @invariant()
    def the_books_hold(self):
        assert list(books.breaks()) == []


class Funding(InATransaction):
    """Orders held, used in parts, given back and refunded, paid by vouchers, purse and credit in any order.

    Receipts, new vouchers, their expiry and other credit limits come between.
    """

    orders = Bundle("orders")

    @initialize()
    def begin(self):
        self.city = CITY
        self.orders_held = {}
        self.used = Counter()
        self.refunded = Counter()
        self.deeds = 0
        self.now = NOON

    def next(self, word):
        self.deeds += 1
        return f"{word}-{self.deeds}"

    @rule(amount=FEN)
    def receive(self, amount):
        reference = self.next("in")
        lines = transfer(amount, (Kind.BANK, PLATFORM), (Kind.PREPAID, "EN-LUDAO"))
        for _again in range(2):
            ledger.post(reference, kind=Cause.BANK_RECEIPT, subject="x", lines=lines, at=NOON)

    @rule(amount=st.integers(min_value=100, max_value=5000), days=st.integers(min_value=1, max_value=40))
    def give_a_voucher(self, amount, days):
        programme = Programme.objects.get(code="PG-SIMING-2026")
        wish = {
            "amount": amount,
            "expires_at": self.now + timedelta(days=days),
            "idempotency_key": self.next("v"),
        }
        try:
            for _again in range(2):
                vouchers.issue(
                    programme_id=programme.id,
                    organization=self.city.ludao,
                    **wish,
                    by=self.city.officer,
                    at=self.now,
                )
        except vouchers.CannotIssue:
            pass

    @rule(days=st.integers(min_value=1, max_value=20))
    def let_time_pass(self, days):
        self.now += timedelta(days=days)
        for voucher in Voucher.objects.filter(status=Voucher.Status.ACTIVE, expires_at__lte=self.now):
            vouchers.expire(voucher_id=voucher.id, at=self.now)

    @rule(limit=st.integers(min_value=0, max_value=1_000_000))
    def grant_credit(self, limit):
        """The limit changes as agreed, and never below what is taken already."""
        taken = sum(balance(kind, "EN-LUDAO") for kind in (Kind.CREDIT_HELD, Kind.CREDIT_USED))
        line = funding.propose_credit(
            organization=self.city.ludao,
            contract="HT-1",
            limit=limit,
            valid_until=self.now + timedelta(days=30),
            reason="x",
            by=self.city.finance,
            at=self.now,
        )
        try:
            for _again in range(2):
                funding.grant_credit(line_id=line.id, by=self.city.checker, at=self.now)
        except funding.CannotGrant:
            assert limit < taken
            funding.refuse_credit(line_id=line.id, by=self.city.checker, reason="额度过低", at=self.now)
        else:
            assert balance(Kind.CREDIT_FREE, "EN-LUDAO") == limit - taken

    @rule(
        target=orders,
        amount=st.integers(min_value=1, max_value=3_000_000),
        ways=st.lists(st.sampled_from(["wallet", "credit"]), unique=True),
    )
    def hold(self, amount, ways):
        code = self.next("OD")
        purchase = Purchase(amount, "siming", frozenset({"jimei"}), True, False)
        quote = Means(self.city.ludao, self.now).quote(purchase, ways=ways)
        line = credit_line(self.city.ludao)
        over = {"credit"} if line and line.valid_until <= self.now else set()
        reach = sum(balance(MEANS[way], "EN-LUDAO") for way in ways if way not in over)
        try:
            funding.hold(
                order_code=code, organization=self.city.ludao, quote=quote, by=self.city.bob, at=self.now
            )
        except InsufficientFunds:
            assert quote.cash > reach
            assert not FundingHold.objects.filter(order_code=code).exists()
        else:
            assert quote.cash <= reach
            assert sum(part.amount for part in quote.parts) == amount
            self.orders_held[code] = amount
        return code

    @rule(code=orders, share=st.floats(min_value=0, max_value=1), times=st.integers(min_value=1, max_value=2))
    def use(self, code, share, times):
        held = list(FundingHold.objects.filter(order_code=code))
        if not held or any(h.captured or h.released for h in held):
            return
        amount = int(self.orders_held[code] * share)
        if not amount:
            return
        lines = [Line(Kind.PROVIDER_ACCRUED, "unicom", -amount)]
        paid = funding.capture(
            reference=f"billed:{code}", order_code=code, amount=amount, counterpart=lines, at=self.now
        )
        assert sum(p.amount for p in paid) == amount
        assert all(0 <= p.amount <= p.hold.amount for p in paid)
        self.used[code] = amount

    @rule(code=orders, share=st.floats(min_value=0, max_value=1))
    def refund(self, code, share):
        """Part of what was paid goes back where it came from, in proportion, and never more than was paid."""
        before = {h.position: h for h in FundingHold.objects.filter(order_code=code)}
        paid = self.used[code] - self.refunded[code]
        amount = int(paid * share)
        if not amount:
            return
        lines = [Line(Kind.PROVIDER_ACCRUED, "unicom", amount)]
        with pytest.raises(funding.RefundTooHigh), transaction.atomic():
            self.give(code, paid + 1, lines)
        given = self.give(code, amount, lines)
        self.refunded[code] += amount
        assert sum(part.amount for part in given) == amount
        for part in given:
            row = before[part.hold.position]
            exact = amount * (row.captured - row.refunded) / paid
            assert exact - 1 < part.amount < exact + 1

    def give(self, code, amount, lines):
        return funding.refund(
            reference=self.next("refund"), order_code=code, amount=amount, counterpart=lines, at=self.now
        )

    @rule(code=orders)
    def give_back(self, code):
        if code not in self.orders_held:
            return
        left = sum(h.amount - h.captured - h.released for h in FundingHold.objects.filter(order_code=code))
        assert funding.release(order_code=code, at=self.now) == left
        assert funding.release(order_code=code, at=self.now) == 0

    @invariant()
    def no_source_pays_more_than_it_held(self):
        for code, amount in self.orders_held.items():
            held = list(FundingHold.objects.filter(order_code=code))
            assert sum(h.amount for h in held) == amount
            assert sum(h.captured for h in held) == self.used[code]
            assert sum(h.refunded for h in held) == self.refunded[code]
            assert all(h.captured + h.released <= h.amount and h.refunded <= h.captured for h in held)

    @invariant()
    def nothing_is_below_zero_and_the_books_balance(self):
        assert not Account.objects.filter(is_bounded=True, balance__lt=0).exists()
        assert sum(Entry.objects.values_list("amount", flat=True)) == 0
        assert [line for source in all_sources() for line in source.breaks()] == []
        assert list(books.breaks()) == []


CITY = None
MEANS = {"wallet": Kind.PREPAID, "credit": Kind.CREDIT_FREE}


def test_the_ledger_agrees_with_a_plain_model_whatever_happens(db):
    run_state_machine_as_test(Ledger, settings=SOME_RUNS)


def test_every_source_pays_exactly_what_was_used_whatever_happens(city):
    global CITY
    CITY = city

    run_state_machine_as_test(Funding, settings=SOME_RUNS)
