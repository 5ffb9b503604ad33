"""A firm that places and is billed at the same moment gets both done: no two of its deeds wait for each other."""

import pytest
from django.db import OperationalError
from django.db.models import QuerySet

from marketplace.billing import actions as billing
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders.models import Order
from marketplace.settlement import queries as books
from tests import city as town
from tests.city import NOON, place, run
from tests.concurrency.races import race

pytestmark = pytest.mark.django_db(transaction=True)
PAIRS = 6


@pytest.fixture
def city(transactional_db):
    return town.found()


def place_and_bill_at_once(city, turn):
    """As many orders are billed as others are placed, all by one firm in one project."""
    finished = [place(city, key=f"old-{turn}-{n}", cards=1, code="telecom-ascend910b") for n in range(PAIRS)]
    for order in finished:
        run(order, seconds=1800)
    deeds = [lambda id=order.id: billing.settle_order(order_id=id, at=NOON) for order in finished]
    deeds += [
        lambda n=n: place(city, key=f"new-{turn}-{n}", cards=1, code="telecom-ascend910b")
        for n in range(PAIRS)
    ]
    return race(*deeds)


def test_placing_and_billing_never_wait_for_each_other(city):
    assert place_and_bill_at_once(city, 0) == {"ok": 2 * PAIRS}

    assert Order.objects.filter(status=Order.Status.BILLED).count() == PAIRS
    assert Order.objects.filter(status=Order.Status.CONFIRMED).count() == PAIRS
    assert balance(Kind.PREPAID_HELD, "EN-LUDAO") == sum(
        Order.objects.filter(status=Order.Status.CONFIRMED).values_list("cash_amount", flat=True)
    )
    assert books.breaks() == []


def test_locks_on_keys_would_make_them_wait_for_each_other(city, monkeypatch):
    lock = QuerySet.select_for_update
    monkeypatch.setattr(
        QuerySet, "select_for_update", lambda rows, no_key=False, of=(), **more: lock(rows, of=of, **more)
    )

    with pytest.raises(OperationalError, match="deadlock"):
        for turn in range(20):
            place_and_bill_at_once(city, turn)
