"""Reserved capacity: paid for the time it is there, month by month; jobs run in it without being paid for again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.timezone import localtime

from federation.capacity import actions as capacity
from federation.capacity.actions import NotEnoughCards
from federation.capacity.models import Hold, Pool
from marketplace.billing import refunds, reservations
from marketplace.billing.models import BillLine
from marketplace.billing.tasks import bill_reservations
from marketplace.catalogue.models import Plan
from marketplace.orders import actions as orders
from marketplace.orders import placing, refusals
from marketplace.orders.models import Order
from marketplace.settlement import actions as settlement
from marketplace.settlement.queries import breaks
from portal.shell.exceptions import Refusal
from tests.city import DAY, NOON, bill, plan, reserve, run
from tests.portal.test_approvals import visitor

pytestmark = pytest.mark.django_db
S = Order.Status
MONTH, YEAR, NODE, DAYS = (
    "siming-rtx4090-month",
    "siming-rtx4090-month12",
    "siming-rtx4090-node",
    "siming-rtx4090-day",
)


def job(city, reservation, *, key="j1", cards=1, hours="1", at=NOON, code="siming-rtx4090"):
    order, _is_new = placing.place(
        organization=city.ludao,
        request=placing.Request(
            plan=plan(code),
            project=city.lab,
            name="训练",
            cards=cards,
            hours=Decimal(hours),
            command="python train.py",
            reservation=reservation,
        ),
        idempotency_key=key,
        by=city.bob,
        at=at,
    )
    return order


def settle(order, at):
    reservations.settle(order_id=order.id, at=at)
    order.refresh_from_db()
    return order


def check_constraints():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def held(order):
    return Hold.objects.get(key=order.code).state


def price(code):
    return int(Plan.objects.priced(NOON + DAY).get(code=code).unit_price * 100)


@pytest.fixture
def city(city):
    city.lab.monthly_budget = 0
    city.lab.save()
    return city


def test_the_cards_are_the_buyers_from_now_until_the_end(city):
    free = Pool.objects.get(cluster__provider__code="siming", accelerator__code="rtx4090").cards_free

    order = reserve(city, cards=2, periods=2)

    assert (order.status, order.amount) == (S.RUNNING, 4 * price(MONTH))
    assert (order.starts_at, localtime(order.ends_at).strftime("%m-%d %H:%M")) == (NOON, "01-21 12:00")
    assert (
        Pool.objects.get(cluster__provider__code="siming", accelerator__code="rtx4090").cards_free == free - 2
    )


def test_whole_nodes_are_whole(city):
    order = reserve(city, NODE, cards=1)

    hold = Hold.objects.get(key=order.code)
    ((_node, cards),) = hold.allocation
    assert cards == hold.pool.cards_per_node == order.cards
    assert (order.nodes, order.amount) == (1, price(NODE))


def test_each_month_that_is_over_is_billed_once_and_the_lines_sum_to_the_whole(city):
    order = reserve(city, cards=2, periods=2)

    assert not settle(order, NOON + DAY).lines.exists()
    settle(order, NOON + 11 * DAY)
    settle(order, NOON + 12 * DAY)
    first = order.lines.get()
    assert f"{localtime(first.until):%m-%d %H:%M}" == "12-01 00:00"
    assert first.gross == round(2 * price(MONTH) * Decimal("9.5") / 30)
    settle(order, NOON + 70 * DAY)

    assert [f"{localtime(line.until):%m-%d %H:%M}" for line in order.lines.order_by("id")] == [
        "12-01 00:00",
        "01-01 00:00",
        "01-21 12:00",
    ]
    assert (order.status, order.billed_amount) == (S.BILLED, order.amount)
    assert sum(order.lines.values_list("gross", flat=True)) == order.amount
    assert held(order) == Hold.State.RELEASED


def test_the_sweep_finds_what_is_due(city):
    order = reserve(city, periods=1)
    Order.objects.update(starts_at=order.starts_at - 40 * DAY, ends_at=order.ends_at - 40 * DAY)

    bill_reservations()
    bill_reservations()

    order.refresh_from_db()
    assert (order.status, order.lines.count()) == (S.BILLED, 2)
    assert order.billed_amount == sum(order.lines.values_list("gross", flat=True))


def test_days_are_paid_to_the_second_when_it_ends_early(city):
    order = reserve(city, DAYS, cards=2, periods=10)
    over = NOON + timedelta(days=2, hours=12)

    orders.cancel(order_id=order.id, by=city.bob, at=over)
    settle(order, over + timedelta(minutes=1))

    assert (order.status, order.billed_amount) == (S.BILLED, 5 * price(DAYS))
    assert order.lines.get().seconds == 216_000
    assert held(order) == Hold.State.RELEASED


def test_within_ten_minutes_it_costs_nothing(city):
    order = reserve(city)

    orders.cancel(order_id=order.id, by=city.bob, at=NOON + timedelta(minutes=5))
    settle(order, NOON + timedelta(minutes=6))

    assert (order.status, order.billed_amount, order.lines.count()) == (S.CANCELLED, None, 0)
    assert held(order) == Hold.State.RELEASED


def test_leaving_before_the_promised_months_costs_the_dearer_price(city):
    order = reserve(city, YEAR, periods=12)
    over = NOON + 30 * DAY  # one month of 30 days later, to the hour

    orders.cancel(order_id=order.id, by=city.bob, at=over)
    settle(order, over)

    assert order.amount == 12 * price(YEAR)
    assert order.billed_amount == price(MONTH) > price(YEAR)


@pytest.mark.parametrize(
    ("code", "periods"), [(MONTH, 0), (MONTH, 13), (YEAR, 11), (DAYS, 366), (MONTH, None)]
)
def test_only_what_the_plan_sells_is_sold(city, code, periods):
    with pytest.raises(refusals.BadOrder) as refusal:
        reserve(city, code, periods=periods)

    assert refusal.value.code == "periods_out_of_range"
    assert not Order.objects.exists() and not Hold.objects.exists()


def test_a_reservation_waits_for_its_approval(city):
    order = reserve(city, project=city.model)
    assert (order.status, order.starts_at, held(order)) == (S.AWAITING_APPROVAL, None, Hold.State.OPEN)

    orders.approve(order_id=order.id, by=city.alice, at=NOON + timedelta(hours=3))

    order.refresh_from_db()
    assert (order.status, order.starts_at) == (S.RUNNING, NOON + timedelta(hours=3))


def test_a_reservation_that_is_not_approved_lets_its_cards_go(city):
    order = reserve(city, project=city.model)

    orders.reject(order_id=order.id, by=city.alice, reason="不需要", at=NOON)

    order.refresh_from_db()
    assert (order.status, held(order)) == (S.REJECTED, Hold.State.RELEASED)


# --- jobs inside -----------------------------------------------------------------------------------------
def test_a_job_runs_on_the_reservations_nodes_and_costs_nothing(city):
    reservation = reserve(city, cards=8)
    before = Pool.objects.values_list("id", "cards_held")
    before = dict(before)

    work = job(city, reservation, cards=4)

    nodes = {node for node, _cards in Hold.objects.get(key=reservation.code).allocation}
    inner = Hold.objects.get(key=work.code)
    assert {node for node, _cards in inner.allocation} <= nodes
    assert dict(Pool.objects.values_list("id", "cards_held")) == before
    run(work, seconds=1800)
    bill(work)
    line = work.lines.get()
    assert (work.status, work.amount, work.billed_amount) == (S.BILLED, 0, 0)
    assert (line.gross, line.metered_seconds, line.free_reason) == (0, 1800, BillLine.Free.INCLUDED)
    assert dict(Pool.objects.values_list("id", "cards_held")) == before


def test_jobs_never_have_more_cards_than_the_reservation(city):
    reservation = reserve(city, cards=8)
    first = job(city, reservation, cards=6)

    with pytest.raises(NotEnoughCards, match="还剩 2 张"):
        job(city, reservation, key="j2", cards=3)

    assert not Order.objects.filter(idempotency_key="j2").exists()
    run(first, seconds=60)
    assert job(city, reservation, key="j3", cards=8).cards == 8


@pytest.mark.parametrize("wrong", ["other card", "too long", "over", "no reservation", "in itself"])
def test_a_job_needs_a_reservation_that_fits(city, wrong):
    reservation = reserve(city, DAYS, cards=2, periods=1)
    wish = (
        {"code": "siming-ascend910b"}
        if wrong == "other card"
        else {"hours": "25"}
        if wrong == "too long"
        else {}
    )
    if wrong == "over":
        orders.cancel(order_id=reservation.id, by=city.bob, at=NOON)
    if wrong == "no reservation":
        reservation = job(city, reservation, key="inner")

    with pytest.raises(refusals.BadOrder):
        if wrong == "in itself":
            reserve(city, key="again", reservation=reservation)
        else:
            job(city, reservation, **wish)

    assert not Order.objects.filter(idempotency_key__in=["j1", "again"]).exists()


def test_a_reservation_gives_its_cards_back_when_its_jobs_have_stopped(city):
    reservation = reserve(city, DAYS, cards=2, periods=2)
    work = job(city, reservation, cards=2, hours="47")
    over = reservation.ends_at

    settle(reservation, over)

    work.refresh_from_db()
    assert (work.cancel_requested_at, reservation.status) == (over, S.RUNNING)
    assert held(reservation) == Hold.State.OPEN
    bill(work, at=over)
    settle(reservation, over + DAY)
    assert (reservation.status, reservation.billed_amount) == (S.BILLED, reservation.amount)
    assert held(reservation) == Hold.State.RELEASED


def test_the_database_never_lets_more_be_promised_out_of_a_reservation(city):
    reservation = reserve(city, cards=2)
    inner = Hold.objects.get(key=job(city, reservation, cards=2).code)

    with pytest.raises(IntegrityError, match="out of a promise"), transaction.atomic():
        inner.cards = 3
        inner.save()
        check_constraints()
    with pytest.raises(IntegrityError, match="out of a promise|its holds say"), transaction.atomic():
        capacity.release(key=reservation.code, at=NOON)
        check_constraints()

    assert held(reservation) == Hold.State.OPEN


# --- the books -------------------------------------------------------------------------------------------
def test_the_run_counts_reserved_time_and_the_books_agree(city):
    reservation = reserve(city, cards=2, periods=1)
    work = job(city, reservation)
    run(work, seconds=3600)
    bill(work)
    settle(reservation, reservation.ends_at)

    statements = settlement.close(until=reservation.ends_at + DAY, by=None, at=reservation.ends_at + DAY)

    (statement,) = [one for one in statements if one.party == "siming"]
    closing = statement.run
    assert (closing.billed, closing.free) == (2 * 30 * 86400, 3600)
    assert closing.metered == closing.billed + closing.free
    assert statement.gross == reservation.amount
    assert list(breaks()) == []


def test_a_period_has_no_reading_to_correct(city):
    reservation = reserve(city, DAYS)
    settle(reservation, reservation.ends_at)

    with pytest.raises(Refusal) as refusal:
        refunds.ask(
            line_id=reservation.lines.get().id,
            reason_code="metering",
            reason="计量有误",
            seconds=60,
            by=city.finance,
            at=NOON,
        )

    assert refusal.value.code == "no_reading"


# --- pages -----------------------------------------------------------------------------------------------
def test_a_buyer_reserves_in_two_steps_and_sees_it(city):
    client = visitor(city.bob)
    Pool.objects.update(observed_at=timezone.now())
    typed = {"project": city.lab.id, "name": "月租", "cards": 1, "hours": 2, "way_0": "wallet"}

    step = client.post(f"/marketplace/plans/{MONTH}/order/", typed)
    assert step.status_code == 302, step.context["form"].errors
    check = client.get(step["Location"])
    assert "1 卡 × 2 个月" in check.content.decode()
    placed = client.post(step["Location"])
    assert placed.status_code == 302, placed.context["refusal"]
    page = client.get(placed["Location"]).content.decode()

    assert "预留内的作业" in page and "到期；每月末与到期时结算" in page
    assert Order.objects.get().amount == 2 * price(MONTH)


def test_the_product_page_shows_every_way_to_buy(city, client):
    page = client.get("/marketplace/plans/siming-rtx4090/").content.decode()

    assert all(f"/marketplace/plans/{code}/" in page for code in (MONTH, YEAR, NODE, DAYS))
    shelf = client.get("/marketplace/?kind=reserved").context["page"]
    assert {offer.plan.kind for offer in shelf} == {"reserved"}


def test_a_job_may_be_put_into_a_reservation_by_form(city):
    reservation = reserve(city, cards=2)
    client = visitor(city.bob)
    typed = {"project": city.lab.id, "name": "", "cards": 1, "hours": 1, "command": "python a.py"}

    (form,) = [
        line
        for line in client.get(reservation.get_absolute_url()).content.decode().split('"')
        if line.startswith("/marketplace/plans/siming-rtx4090/order/")
    ]
    assert client.get(form).context["form"].initial["reservation"] == reservation.id
    step = client.post(form, typed | {"reservation": reservation.id})
    placed = client.post(step["Location"])

    work = Order.objects.get(reservation=reservation)
    assert (placed["Location"], work.amount) == (work.get_absolute_url(), 0)
    assert "不另计费" in client.get(placed["Location"]).content.decode()
    assert work.name in client.get(reservation.get_absolute_url()).content.decode()
