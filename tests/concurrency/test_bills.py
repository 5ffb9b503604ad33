"""The budget's edge, the month's end, a bill paid, refunded and read late by several at once: each once, to the fen."""

from functools import partial

import pytest

from marketplace.billing import actions as billing
from marketplace.billing import monthly, overdue, refunds
from marketplace.billing.models import Bill, BillLine
from marketplace.budgets import actions as budgets
from marketplace.budgets.models import BudgetMark
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders.models import Order
from marketplace.orders.queries import committed_in_month, month_start
from marketplace.settlement import queries as books
from portal.organizations.models import Project
from tests import city as town
from tests.city import DAY, NOON, bill, comes_late, monthly_bills, place, run
from tests.concurrency.races import race

pytestmark = pytest.mark.django_db(transaction=True)

# What an hour of one card holds.
HOUR = 2352


@pytest.fixture
def city(transactional_db):
    return town.found()


@pytest.fixture
def line(city):
    order = place(city)
    run(order, seconds=1800)
    return bill(order).lines.get()


def test_at_the_edge_of_a_budget_as_many_orders_pass_as_it_holds(city):
    Project.objects.filter(id=city.lab.id).update(monthly_budget=3 * HOUR)

    outcome = race(*[partial(place, city, key=f"k{n}", cards=1) for n in range(6)])

    assert outcome == {"ok": 3, "over_budget": 3}
    assert committed_in_month(city.lab, NOON) == 3 * HOUR


def test_a_mark_is_passed_once(city):
    Project.objects.filter(id=city.lab.id).update(monthly_budget=HOUR)
    place(city, cards=1)

    outcome = race(*[partial(budgets.follow, project_id=city.lab.id, at=NOON)] * 4)

    assert outcome == {"ok": 4}
    assert sorted(BudgetMark.objects.values_list("kind", flat=True)) == ["remind", "stop_new"]


def test_a_month_is_billed_once(city, line):
    over = month_start(NOON + 12 * DAY)

    outcome = race(*[partial(monthly.issue, until=over, at=over)] * 4)

    assert outcome == {"ok": 4}
    assert Bill.objects.get().gross == line.gross
    assert books.breaks() == []


def test_a_late_reading_is_billed_once_and_its_bill_paid_once(city, line):
    reading = comes_late(line.order, seconds=600)
    late = race(*[partial(billing.bill_late, usage_id=reading.id, at=NOON)] * 4)
    (made,) = monthly_bills()
    purse = balance(Kind.PREPAID, "EN-LUDAO")

    paid = race(*[partial(overdue.pay, bill_id=made.id, by=city.fiona, at=NOON)] * 4)

    assert (late, paid) == ({"ok": 4}, {"ok": 4})
    assert balance(Kind.PREPAID, "EN-LUDAO") == purse - 3136
    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 0
    assert books.breaks() == []


def test_a_line_is_given_back_once_and_never_more_than_it_was(city, line):
    wish = {"line_id": line.id, "reason_code": "quality", "reason": "中断", "by": city.finance, "at": NOON}
    asked = race(*[partial(refunds.ask, amount=5000, **wish)] * 3)
    refund = line.refunds.get()

    given = race(*[partial(refunds.give, refund_id=refund.id, by=city.checker, at=NOON)] * 3)

    assert (asked, given) == ({"ok": 1, "refund_too_high": 2}, {"ok": 3})
    assert BillLine.objects.filter(kind="refund").count() == 1
    assert Order.objects.get().billed_amount == 4408
    assert books.breaks() == []
