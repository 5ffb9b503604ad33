"""What was used becomes what is owed, once, to the fen."""

from datetime import timedelta

import pytest

from marketplace.billing.models import BillLine, BillPart
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders import actions as orders
from marketplace.orders.models import Order
from marketplace.settlement import actions as settlement
from marketplace.settlement import queries as books
from marketplace.settlement.models import Statement
from scheduler.workloads.models import Workload
from tests.city import NOON, bill, place, run


def test_half_an_hour_costs_half_and_the_rest_goes_back_in_proportion(city):
    order = place(city)
    run(order, seconds=1800)

    bill(order)

    assert (order.status, order.billed_amount) == (Order.Status.BILLED, 9408)
    line = BillLine.objects.get(order=order)
    assert (line.seconds, line.gross, line.voucher, line.cash) == (1800, 9408, 940 + 2540, 5928)
    assert (line.commission, line.provider_amount) == (470, 8938)
    assert balance(Kind.PREPAID, "EN-LUDAO") == 20_000_000 - 5928
    assert balance(Kind.PREPAID_HELD, "EN-LUDAO") == 0
    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 8938
    assert balance(Kind.SUBSIDY_ACCRUED, "PG-SIMING-2026") == 940
    assert balance(Kind.COMMISSION, "platform") == 470
    assert books.breaks() == []


def test_billing_twice_posts_once(city):
    order = place(city)
    run(order, seconds=1800)

    bill(order)
    bill(order)

    assert BillLine.objects.count() == 1
    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 8938


def test_a_second_too_cheap_to_cost_a_fen_is_billed_at_nothing_not_refunded(city):
    order = place(city, code="mobile-rtx4090", cards=1)
    run(order, seconds=1)

    bill(order)

    assert (order.status, order.billed_amount) == (Order.Status.BILLED, 0)
    assert books.breaks() == []


def test_a_full_run_costs_exactly_what_was_held(city):
    order = place(city)
    run(order, seconds=3600)

    bill(order)

    assert order.billed_amount == order.amount
    assert list(BillPart.objects.values_list("amount", flat=True)) == [1881, 5080, 11855]


def test_no_order_is_billed_beyond_what_it_ordered(city):
    order = place(city)
    run(order, seconds=4000)

    bill(order)

    assert order.billed_amount == order.amount


def test_the_buyers_own_failure_is_billed_by_the_second(city):
    order = place(city)
    run(order, seconds=60, to=Workload.Status.FAILED, reason="exit_code")

    bill(order)

    assert (order.status, order.billed_amount) == (Order.Status.BILLED, 314)


@pytest.mark.parametrize(
    ("to", "reason"), [(Workload.Status.LOST, "lost"), (Workload.Status.FAILED, "node_lost")]
)
def test_a_providers_failure_is_free(city, to, reason):
    order = place(city)
    run(order, seconds=600, to=to, reason=reason)

    bill(order)

    assert (order.status, order.billed_amount) == (Order.Status.REFUNDED, 0)
    line = BillLine.objects.get(order=order)
    assert (line.free_reason, line.seconds, line.metered_seconds, line.gross) == ("provider_fault", 0, 600, 0)
    assert balance(Kind.PREPAID, "EN-LUDAO") == 20_000_000
    assert books.breaks() == []


def test_a_withdrawal_within_ten_minutes_is_free(city):
    order = place(city)
    Workload.objects.filter(order_code=order.code).update(status=Workload.Status.RUNNING)
    orders.cancel(order_id=order.id, by=city.bob, at=NOON + timedelta(minutes=9))
    run(order, seconds=540, to=Workload.Status.CANCELLED, reason="stopped")

    bill(order)

    assert (order.status, order.billed_amount) == (Order.Status.CANCELLED, 0)
    assert BillLine.objects.get(order=order).free_reason == "withdrawn"


def test_after_ten_minutes_the_seconds_used_are_billed(city):
    order = place(city)
    Workload.objects.filter(order_code=order.code).update(status=Workload.Status.RUNNING)
    orders.cancel(order_id=order.id, by=city.bob, at=NOON + timedelta(minutes=11))
    run(order, seconds=660, to=Workload.Status.CANCELLED, reason="stopped")

    bill(order)

    assert (order.status, order.billed_amount) == (Order.Status.BILLED, 3450)


def test_the_fourth_withdrawal_of_a_day_is_billed(city):
    for number in range(4):
        order = place(city, key=f"k{number}")
        Workload.objects.filter(order_code=order.code).update(status=Workload.Status.RUNNING)
        orders.cancel(order_id=order.id, by=city.bob, at=NOON + timedelta(minutes=5))
        run(order, seconds=300, to=Workload.Status.CANCELLED, reason="stopped")
        bill(order)

    assert list(Order.objects.order_by("id").values_list("is_withdrawn", flat=True)) == [
        True,
        True,
        True,
        False,
    ]
    assert order.billed_amount == 1568


def test_closing_pays_each_provider_and_shows_each_programme(city):
    order = place(city)
    run(order, seconds=1800)
    bill(order)

    closed = settlement.close(until=NOON + timedelta(days=1), by=city.finance, at=NOON + timedelta(days=1))

    assert [(s.kind, s.party, s.gross, s.commission, s.net) for s in closed] == [
        ("provider", "unicom", 9408, 470, 8938),
        ("programme", "PG-CITY-2026", 2540, 0, 2540),
        ("programme", "PG-SIMING-2026", 940, 0, 940),
    ]
    assert balance(Kind.PROVIDER_PAYABLE, "unicom") == 8938
    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 0
    assert balance(Kind.SUBSIDY_RECEIVABLE, "PG-CITY-2026") == 2540
    assert books.breaks() == []


def test_closing_twice_settles_nothing_more(city):
    order = place(city)
    run(order, seconds=1800)
    bill(order)
    tomorrow = NOON + timedelta(days=1)
    settlement.close(until=tomorrow, by=city.finance, at=tomorrow)

    again = settlement.close(until=tomorrow, by=city.finance, at=tomorrow)

    assert again == []
    assert Statement.objects.count() == 3


def test_a_line_billed_after_the_watermark_waits_for_the_next_statement(city):
    order = place(city)
    run(order, seconds=1800)
    bill(order, at=NOON + timedelta(hours=2))

    assert settlement.close(until=NOON + timedelta(hours=1), by=None, at=NOON + timedelta(hours=3)) == []
    assert len(settlement.close(until=NOON + timedelta(hours=3), by=None, at=NOON + timedelta(hours=3))) == 3
