"""A reading that comes when its order is closed is owed, on the next bill, never beyond what was ordered."""

import pytest
from django.utils import timezone

from marketplace.billing import actions as billing
from marketplace.billing.models import BillLine
from marketplace.billing.tasks import bill_late_usage
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders import actions as orders
from marketplace.settlement import queries as books
from scheduler.workloads.models import Workload
from tests.city import DAY, NOON, bill, comes_late, monthly_bills, place, run


@pytest.fixture
def closed(city):
    order = place(city)
    run(order, seconds=1800)
    return bill(order)


def test_it_is_owed_and_names_the_first_line(closed):
    first = closed.lines.get()
    reading = comes_late(closed, seconds=600)

    line = billing.bill_late(usage_id=reading.id, at=NOON + DAY)

    assert (line.kind, line.original, line.seconds, line.gross, line.credit) == (
        "late",
        first,
        600,
        3136,
        3136,
    )
    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 3136
    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 8938 + line.provider_amount
    closed.refresh_from_db()
    assert closed.billed_amount == 9408
    assert books.breaks() == []


def test_saying_it_twice_bills_once(closed):
    reading = comes_late(closed, seconds=600)
    billing.bill_late(usage_id=reading.id, at=NOON + DAY)

    assert billing.bill_late(usage_id=reading.id, at=NOON + DAY) is None
    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 3136


def test_it_is_never_billed_beyond_what_was_ordered(closed):
    reading = comes_late(closed, seconds=3000)

    line = billing.bill_late(usage_id=reading.id, at=NOON + DAY)

    assert (line.seconds, line.metered_seconds, line.gross) == (1800, 3000, 9408)


def test_what_was_free_stays_free(city):
    order = place(city)
    Workload.objects.filter(order_code=order.code).update(status=Workload.Status.RUNNING)
    orders.cancel(order_id=order.id, by=city.bob, at=NOON)
    run(order, seconds=60, to=Workload.Status.CANCELLED, reason="stopped")
    bill(order)
    reading = comes_late(order, seconds=600)

    line = billing.bill_late(usage_id=reading.id, at=NOON + DAY)

    assert (line.gross, line.free_reason) == (0, "withdrawn")
    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 0


def test_while_the_order_is_open_it_is_billed_with_it(city):
    order = place(city)
    run(order, seconds=1800)
    reading = comes_late(order, seconds=600)

    assert billing.bill_late(usage_id=reading.id, at=NOON) is None
    bill(order)

    assert list(order.lines.order_by("id").values_list("kind", flat=True)) == ["usage", "usage"]
    assert order.billed_amount == 9408 + 3136


def test_the_sweep_finds_it_and_the_next_bill_takes_it_up(closed):
    monthly_bills()
    comes_late(closed, seconds=600, at=timezone.now())

    bill_late_usage()
    bill_late_usage()
    (line,) = BillLine.objects.filter(kind="late")
    (december,) = monthly_bills(at=line.billed_at + 20 * DAY)

    assert (december.line_count, december.due, december.status) == (1, 3136, "due")
    assert books.breaks() == []
