"""The last card, the last fen, the double click: real threads, and proof that each race exists without its guard."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from federation.capacity.models import Pool
from marketplace.billing import actions as billing
from marketplace.billing.models import BillLine
from marketplace.funding.models import FundingHold
from marketplace.ledger import actions as ledger
from marketplace.ledger.models import Account, Cause, Kind
from marketplace.ledger.queries import balance
from marketplace.orders import actions as orders
from marketplace.orders import placing
from marketplace.orders.models import Order
from marketplace.payments import actions as payments
from marketplace.payments.models import BankReceipt
from marketplace.settlement import actions as settlement
from marketplace.settlement import queries as books
from marketplace.settlement.models import Statement
from portal.organizations.models import Project
from subsidies.budgets.models import Programme
from subsidies.vouchers import actions as vouchers
from subsidies.vouchers.models import Voucher
from tests import city as town
from tests.city import NOON, bill, place, run
from tests.concurrency.races import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def city(transactional_db):
    return town.found()


def test_a_double_click_is_one_order(city):
    outcome = race(*[partial(place, city, key="click")] * 6)

    assert outcome == {"ok": 6}
    assert Order.objects.count() == 1
    assert books.breaks() == []


def test_the_last_free_cards_go_to_one_order(city):
    free = Pool.objects.get(code="unicom-haicang-h800").cards_free
    assert free == 11

    outcome = race(*[partial(place, city, key=f"k{n}", cards=8) for n in range(4)])

    assert outcome == {"ok": 1, "nowhere_to_run": 3}
    assert Pool.objects.get(code="unicom-haicang-h800").cards_held == 8
    assert books.breaks() == []


def test_the_last_node_is_reserved_by_one_of_two_firms_and_the_other_is_told(city):
    Project.objects.update(monthly_budget=0, approval_threshold=0)
    pool = Pool.objects.get(code="siming-ray-rtx4090")
    buyers = [(city.lab, city.bob), (city.yunding.projects.get(), city.charlie)]

    outcome = race(
        *[
            partial(
                town.reserve,
                city,
                "siming-rtx4090-node",
                key=project.code,
                project=project,
                by=by,
                begins_at=NOON + n * town.DAY,
            )
            for n, (project, by) in enumerate(buyers, 1)
        ]
    )

    assert outcome == {"ok": 1, "nowhere_to_run": 1}
    winner = Order.objects.get()
    pool.refresh_from_db()
    assert pool.cards_held == winner.cards == pool.cards_per_node
    assert FundingHold.objects.exclude(order_code=winner.code).count() == 0
    assert books.breaks() == []


def test_the_last_fen_of_a_purse_is_spent_once(city):
    Project.objects.update(monthly_budget=0)
    price = 1880  # one RTX 4090 for eight hours at ¥2.35
    projects = [
        Project.objects.create(code=f"PJ-{n}", organization=city.yunding, name=f"P{n}", monthly_budget=0)
        for n in range(6)
    ]
    spend = balance(Kind.PREPAID, "EN-YUNDING") - 2 * price
    empty_purse(city.yunding, spend)

    def buy(project):
        placing.place(
            organization=city.yunding,
            request=town.request(project, code="mobile-rtx4090", cards=1, hours="8", vouchers=frozenset()),
            idempotency_key=project.code,
            by=city.charlie,
            at=NOON,
        )

    outcome = race(*[partial(buy, project) for project in projects])

    assert outcome == {"ok": 2, "insufficient_funds": 4}
    assert balance(Kind.PREPAID, "EN-YUNDING") == 0
    assert books.breaks() == []


def empty_purse(organization, amount):
    ledger.post(
        "test-withdrawal",
        kind=Cause.ADJUSTED,
        subject="test",
        lines=ledger.transfer(amount, (Kind.PREPAID, organization.code), (Kind.ADJUSTMENT, "platform")),
        at=NOON,
    )


def test_the_last_fen_of_a_voucher_is_frozen_once(city):
    programme = Programme.objects.get(code="PG-SIMING-2026")
    voucher = vouchers.issue(
        programme_id=programme.id,
        organization=city.ludao,
        amount=2000,
        expires_at=NOON + timedelta(days=9),
        idempotency_key="small",
        by=None,
        at=NOON,
    )
    projects = [
        Project.objects.create(code=f"PJ-{n}", organization=city.ludao, name=f"P{n}", monthly_budget=0)
        for n in range(5)
    ]

    outcome = race(
        *[
            partial(
                place,
                city,
                key=p.code,
                project=p,
                code="telecom-ascend910b",
                cards=2,
                hours="10",
                vouchers=frozenset({voucher.code}),
            )
            for p in projects
        ]
    )

    assert outcome == {"ok": 5}
    assert balance(Kind.VOUCHER_FROZEN, voucher.code) == 2000
    assert sorted(Order.objects.values_list("voucher_amount", flat=True)) == [0, 0, 0, 280, 1720]
    assert books.breaks() == []


def test_a_pool_and_a_cap_are_never_exceeded(city):
    programme = Programme.objects.get(code="PG-SIMING-2026")
    room = programme.enterprise_cap - 2_000_000  # the demo voucher of this firm

    def issue(number):
        vouchers.issue(
            programme_id=programme.id,
            organization=city.ludao,
            amount=room // 3,
            expires_at=NOON + timedelta(days=9),
            idempotency_key=f"r{number}",
            by=None,
            at=NOON,
        )

    outcome = race(*[partial(issue, n) for n in range(8)])

    assert outcome == {"ok": 3, "enterprise_cap": 5}
    assert sum(
        Voucher.objects.filter(programme=programme, organization=city.ludao).values_list("amount", flat=True)
    ) <= (programme.enterprise_cap)


def test_two_workers_bill_an_order_once(city):
    order = place(city)
    run(order, seconds=1800)

    outcome = race(*[partial(billing.settle_order, order_id=order.id, at=NOON)] * 4)

    assert outcome == {"ok": 4}
    assert BillLine.objects.count() == 1
    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 8938
    assert books.breaks() == []


def test_the_bank_statement_uploaded_twice_at_once_credits_once(city):
    before = balance(Kind.PREPAID, "EN-LUDAO")
    record = partial(
        payments.record_bank_receipt,
        organization=city.ludao,
        bank_reference="B-1",
        amount=5000,
        received_on=NOON.date(),
        by=city.finance,
        at=NOON,
    )

    outcome = race(*[record] * 5)

    assert outcome == {"ok": 5}
    assert BankReceipt.objects.filter(bank_reference="B-1").count() == 1
    assert balance(Kind.PREPAID, "EN-LUDAO") == before + 5000


def test_two_closers_settle_each_line_once(city):
    order = place(city)
    run(order, seconds=1800)
    bill(order)
    later = NOON + timedelta(days=1)

    race(*[partial(settlement.close, until=later, by=None, at=later)] * 3)

    assert Statement.objects.count() == 3
    assert books.breaks() == []


def test_cancelling_and_billing_at_once_leaves_whole_books(city):
    order = place(city)
    run(order, seconds=600)

    outcome = race(
        partial(billing.settle_order, order_id=order.id, at=NOON),
        partial(orders.cancel, order_id=order.id, by=city.bob, at=NOON),
    )

    order.refresh_from_db()
    assert set(outcome) <= {"ok", "cannot_cancel"}
    assert not order.is_open
    assert balance(Kind.PREPAID_HELD, "EN-LUDAO") == 0
    assert books.breaks() == []


def test_without_the_check_constraint_a_purse_would_fall_below_zero(city):
    """The race is real: two readers that both see enough, and nothing but the constraint between them and a debt."""
    owner = "EN-LUDAO"
    enough = balance(Kind.PREPAID, owner)
    gate = threading.Barrier(2)
    seen = []

    def read_then_spend():
        with transaction.atomic():
            seen.append(Account.objects.get(kind=Kind.PREPAID, owner=owner).balance >= enough)
            gate.wait(timeout=20)
            ledger.post(
                f"spend-{threading.get_ident()}",
                kind=Cause.REFUND,
                subject="x",
                lines=ledger.transfer(enough, (Kind.PREPAID, owner), (Kind.PSP, "platform")),
                at=NOON,
            )

    outcome = race(read_then_spend, read_then_spend)

    assert seen == [True, True]
    assert outcome == {"ok": 1, "insufficient_funds": 1}
    assert balance(Kind.PREPAID, owner) == 0
