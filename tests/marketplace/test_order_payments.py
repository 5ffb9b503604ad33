"""An order is paid from outside after it was placed; what it does not use goes back the way it came."""

import pytest
from django.utils import timezone

from federation.capacity.models import Pool
from marketplace.bank import actions as bank
from marketplace.bank.tasks import credit_bank_lines
from marketplace.funding.queries import Means, holds_of
from marketplace.ledger.actions import InsufficientFunds
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders import actions as orders
from marketplace.orders.models import Order
from marketplace.orders.tasks import follow_payments
from marketplace.payments import actions as payments
from marketplace.payments import refunds
from marketplace.payments.actions import CannotPay
from marketplace.payments.models import Payment, Refund
from marketplace.payments.refunds import CannotRefund
from marketplace.payments.tasks import (
    attend_payments,
    attend_refunds,
    end_payments_of_orders,
    read_provider_events,
)
from marketplace.settlement import queries as books
from tests.city import bill, place, run
from tests.marketplace.test_payments import peer, purse, town

__all__ = ["peer", "town"]


@pytest.fixture(autouse=True)
def clusters_are_there(town):
    Pool.objects.update(observed_at=timezone.now())


def order_by(city, *ways):
    order = place(city, vouchers=frozenset(), ways=ways, at=timezone.now())
    attend_payments()
    return order, Payment.objects.get(order_code=order.code)


def arrive(peer, payment):
    peer.pay(payment.provider_id)
    peer.deliver()
    read_provider_events()
    follow_payments()
    payment.refresh_from_db()


def transferred(city, payment, amount=None):
    at = timezone.localdate()
    yuan = (amount or payment.amount) / 100
    row = f"{at},T1,,{yuan:.2f},{yuan:.2f},{city.ludao.name},{payment.code}\n"
    head = "交易日期,交易流水号,支出,收入,余额,对方户名,附言\n"
    bank.take_file(name="t.csv", content=(head + row).encode(), by=city.finance, at=timezone.now())
    credit_bank_lines()
    follow_payments()
    payment.refresh_from_db()


@pytest.mark.parametrize("method", ["alipay", "wechat_pay", "card"])
def test_an_order_begins_when_its_money_came_and_gives_the_rest_back(town, peer, method):
    order, payment = order_by(town, method)
    assert (order.status, payment.code) == (
        Order.Status.AWAITING_PAYMENT,
        holds_of(order.code).get().reference,
    )

    arrive(peer, payment)
    order.refresh_from_db()
    assert (order.status, balance(Kind.PAID, payment.code)) == (Order.Status.CONFIRMED, order.amount)
    run(order, seconds=1800)
    bill(order)
    attend_refunds()

    refund = Refund.objects.get()
    assert refund.amount == order.amount - order.billed_amount
    if method != "card":
        peer.finish_refund(refund.provider_id)
        peer.deliver()
        read_provider_events()
    refund.refresh_from_db()
    assert (refund.status, purse()) == (Refund.Status.DONE, town.purse)
    assert balance(Kind.PSP, "stripe") == order.billed_amount
    assert books.breaks() == []


def test_a_transfer_with_the_payments_number_starts_the_order_and_the_rest_becomes_balance(town):
    order, payment = order_by(town, "transfer")

    transferred(town, payment)
    order.refresh_from_db()
    assert (order.status, payment.status) == (Order.Status.CONFIRMED, Payment.Status.PAID)
    run(order, seconds=1800)
    bill(order)
    for _again in range(2):
        attend_refunds()

    assert purse() == town.purse + order.amount - order.billed_amount
    assert Refund.objects.get().status == Refund.Status.DONE
    assert books.breaks() == []


def test_an_order_given_up_closes_its_payment_at_the_provider(town, peer):
    order, payment = order_by(town, "alipay")

    orders.cancel(order_id=order.id, by=town.bob, at=timezone.now())
    end_payments_of_orders()
    attend_payments()

    payment.refresh_from_db()
    assert (payment.status, peer.rows["payment_intent"][payment.provider_id]["status"]) == (
        "closed",
        "canceled",
    )
    assert books.breaks() == []


def test_money_that_came_after_the_order_was_given_up_goes_back_the_way_it_came(town, peer):
    order, payment = order_by(town, "card")
    orders.expire(order_id=order.id, at=order.pay_by)
    peer.pay(payment.provider_id)

    end_payments_of_orders()
    attend_payments()
    assert books.breaks() == []
    attend_refunds()

    payment.refresh_from_db()
    refund = Refund.objects.get()
    assert (payment.status, refund.status, refund.amount) == ("paid", "done", payment.amount)
    assert (purse(), balance(Kind.PSP, "stripe")) == (town.purse, 0)
    assert books.breaks() == []


def test_a_transfer_that_came_too_late_for_its_order_becomes_balance(town):
    order, payment = order_by(town, "transfer")
    orders.expire(order_id=order.id, at=order.pay_by)
    end_payments_of_orders()
    attend_payments()

    transferred(town, payment)
    attend_refunds()

    assert purse() == town.purse + payment.amount
    assert books.breaks() == []


def test_another_amount_for_an_order_waits_at_the_bank(town):
    order, payment = order_by(town, "transfer")

    transferred(town, payment, payment.amount - 1)

    order.refresh_from_db()
    assert (order.status, payment.status) == (Order.Status.AWAITING_PAYMENT, Payment.Status.OPEN)


def test_two_ways_share_an_order_and_both_must_arrive(town, peer):
    order = place(town, vouchers=frozenset(), ways=("wallet", "alipay"), cards=64, hours="400",
                  code="telecom-ascend910b", project=free(town), at=timezone.now())  # fmt: skip
    attend_payments()
    payment = Payment.objects.get(order_code=order.code)
    assert purse() == 0

    arrive(peer, payment)

    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    assert payment.amount == order.amount - town.purse


def free(city):
    """A project without a budget or a threshold."""
    city.lab.monthly_budget = city.lab.approval_threshold = 0
    city.lab.save()
    return city.lab


def test_without_keys_only_a_transfer_is_offered_and_nothing_else_taken(town):
    ways = [way.reference for way in Means(town.ludao, timezone.now()).ways()]

    assert "transfer" in ways and not {"alipay", "wechat_pay", "card"} & set(ways)
    with pytest.raises(InsufficientFunds):
        place(town, vouchers=frozenset(), ways=("alipay",), at=timezone.now())
    assert not Payment.objects.exists()


def test_an_orders_payment_is_not_cancelled_or_refunded_beside_its_order(town, peer):
    _order, payment = order_by(town, "alipay")

    with pytest.raises(CannotPay):
        payments.cancel(payment_id=payment.id, by=town.fiona, at=timezone.now())
    arrive(peer, payment)
    with pytest.raises(CannotRefund):
        refunds.ask(payment_id=payment.id, amount=1, reason="x", by=town.finance, at=timezone.now())
