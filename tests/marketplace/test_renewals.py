"""Reserved capacity from a later day, for longer, and told of before its end."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.timezone import localtime

from federation.capacity.models import Hold, Pool
from marketplace.orders import actions as orders
from marketplace.orders import refusals
from marketplace.orders.models import Order
from marketplace.orders.reservations import beginning
from marketplace.orders.tasks import begin_reservations, remind_of_endings
from portal.notices.models import Notice
from tests.city import DAY, NOON, reserve
from tests.marketplace.test_reservations import DAYS, MONTH, S, check_constraints, held, price, settle
from tests.portal.test_approvals import visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(city):
    city.lab.monthly_budget = 0
    city.lab.save()
    return city


# --- from a later day ----------------------------------------------------------------------------------
def from_day(days):
    return beginning((localtime(NOON) + timedelta(days)).date())


def test_what_begins_later_is_held_at_once_and_paid_for_from_its_day(city):
    order = reserve(city, DAYS, periods=2, begins_at=from_day(10))
    assert (order.status, order.starts_at, held(order)) == (S.CONFIRMED, None, "open")

    orders.begin(order_id=order.id, at=from_day(10) - timedelta(seconds=1))
    order.refresh_from_db()
    assert order.status == S.CONFIRMED
    orders.begin(order_id=order.id, at=from_day(10) + timedelta(seconds=9))

    order.refresh_from_db()
    assert (order.status, order.starts_at, order.ends_at) == (S.RUNNING, from_day(10), from_day(12))
    assert settle(order, from_day(13)).billed_amount == 2 * price(DAYS)


def test_a_sweep_begins_what_is_due(city):
    due = reserve(city, DAYS, begins_at=from_day(1))
    now = timezone.now()
    Pool.objects.update(observed_at=now)
    later = reserve(city, DAYS, key="r2", at=now, begins_at=now + DAY)

    begin_reservations()
    begin_reservations()

    assert [Order.objects.get(id=order.id).status for order in (due, later)] == [S.RUNNING, S.CONFIRMED]


@pytest.mark.parametrize("days", [-1, 91])
def test_a_day_that_is_past_or_too_far_is_refused_and_nothing_is_held(city, days):
    with pytest.raises(refusals.BadOrder, match="开始日期须在 2026-11-21 到 2027-02-19 之间") as refusal:
        reserve(city, begins_at=from_day(days))

    assert (refusal.value.field, Hold.objects.count(), Order.objects.count()) == ("begins_on", 0, 0)


def test_given_up_before_its_day_it_costs_nothing_and_the_cards_are_free(city):
    order = reserve(city, begins_at=from_day(10))

    orders.cancel(order_id=order.id, by=city.bob, at=NOON + DAY)

    order.refresh_from_db()
    assert (order.status, order.billed_amount, held(order)) == (S.CANCELLED, None, Hold.State.RELEASED)


def test_the_form_keeps_the_day_and_the_draft_says_it(city):
    Pool.objects.update(observed_at=timezone.now())
    bob, day = visitor(city.bob), localtime(timezone.now() + 5 * DAY).date()
    form = bob.get(f"/marketplace/plans/{MONTH}/order/").context["form"]
    assert form.initial["begins_on"] == localtime(timezone.now()).date()
    typed = {"project": city.lab.id, "cards": 1, "hours": 1, "begins_on": day, "way_0": "wallet"}

    past = bob.post(f"/marketplace/plans/{MONTH}/order/", typed | {"begins_on": "2020-01-01"})
    check = bob.post(f"/marketplace/plans/{MONTH}/order/", typed, follow=True)

    assert past.status_code == 422 and "开始日期须在" in past.context["form"].errors["begins_on"][0]
    assert f"{day} 00:00" in check.content.decode()
    assert check.context["draft"].begins_at == beginning(day)


# --- renewal -------------------------------------------------------------------------------------------
def renew(city, order, **wishes):
    return reserve(city, key="again", begins_at=order.ends_at, renews=order, **wishes)


def test_a_renewal_goes_on_with_the_same_cards_without_their_being_free_in_between(city):
    order = reserve(city, cards=2)
    pool = Pool.objects.get(cluster__provider__code="siming", accelerator__code="rtx4090")
    taken = Hold.objects.get(key=order.code).allocation

    renewal = renew(city, order, cards=2, at=NOON + 20 * DAY)

    assert (renewal.status, renewal.amount) == (S.CONFIRMED, 2 * price(MONTH))
    assert Pool.objects.get(id=pool.id).cards_held == 2
    orders.begin(order_id=renewal.id, at=order.ends_at)
    renewal.refresh_from_db()
    assert renewal.status == S.CONFIRMED
    settle(order, order.ends_at)
    orders.begin(order_id=renewal.id, at=order.ends_at)
    check_constraints()

    renewal.refresh_from_db()
    assert (order.status, held(order)) == (S.BILLED, Hold.State.RELEASED)
    assert (renewal.status, renewal.starts_at) == (S.RUNNING, order.ends_at)
    assert Hold.objects.get(key=renewal.code).allocation == taken
    assert Pool.objects.get(id=pool.id).cards_held == 2


def test_a_renewal_given_up_leaves_the_cards_with_the_old_one_until_its_end(city):
    order = reserve(city)
    renewal = renew(city, order)

    orders.cancel(order_id=renewal.id, by=city.bob, at=NOON + DAY)
    assert held(order) == Hold.State.OPEN
    settle(order, order.ends_at)

    assert held(order) == Hold.State.RELEASED
    assert not Hold.objects.filter(key=renewal.code).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"cards": 2},
        {"begins_at": NOON + 3 * DAY},
        {"code": "mobile-rtx4090-month"},
    ],
)
def test_a_renewal_is_of_the_same_cards_from_the_end_on(city, wrong):
    order = reserve(city)
    wishes = {"code": MONTH, "begins_at": order.ends_at} | wrong

    with pytest.raises(refusals.BadOrder, match="该预留不能续订"):
        reserve(city, wishes.pop("code"), key="again", renews=order, **wishes)

    assert Order.objects.get() == order


def test_another_firm_renews_nothing_of_ours(city):
    order = reserve(city)
    theirs = city.yunding.projects.first()

    with pytest.raises(refusals.BadOrder, match="该预留不能续订"):
        renew(city, order, project=theirs, by=city.charlie)


def test_a_reservation_is_renewed_once(city):
    order = reserve(city)
    renew(city, order)

    with pytest.raises(refusals.BadOrder, match="该预留已续订"):
        reserve(city, key="third", begins_at=order.ends_at, renews=order)

    assert order.renewals.count() == 1


def test_one_press_opens_the_form_with_the_day_the_old_one_ends(city):
    now = timezone.now()
    Pool.objects.update(observed_at=now)
    order = reserve(city, DAYS, cards=2, periods=30, at=now)
    bob = visitor(city.bob)
    link = f"/marketplace/plans/{DAYS}/order/?renews={order.code}&amp;cards=2&amp;hours=30"
    assert link in bob.get(order.get_absolute_url()).content.decode()

    form = bob.get(link.replace("&amp;", "&")).context["form"]
    typed = {"project": city.lab.id, "hours": 30, "way_0": "wallet"} | {
        name: form.initial[name] for name in ("cards", "begins_on")
    }
    check = bob.post(link.replace("&amp;", "&"), typed, follow=True)
    bob.post(check.redirect_chain[-1][0])

    renewal = order.renewals.get()
    assert form.initial["begins_on"] == localtime(order.ends_at).date()
    assert (renewal.begins_at, renewal.cards) == (order.ends_at, 2)
    page = bob.get(order.get_absolute_url()).content.decode()
    assert renewal.get_absolute_url() in page and link not in page


# --- told before the end -------------------------------------------------------------------------------
def told(city):
    return [n.values["end"] for n in Notice.objects.filter(user=city.bob, kind="deadline").order_by("id")]


def test_the_end_is_told_a_week_and_a_day_before_once_each(city):
    order = reserve(city)
    end = f"{localtime(order.ends_at):%Y-%m-%d %H:%M}"

    def due(days_before):
        at = order.ends_at - days_before * DAY
        return [days for days in (1, 7) for row in Order.objects.ending(days, at) if row == order]

    assert (due(7.1), due(7)) == ([], [7])
    orders.remind(order_id=order.id, days=7, at=order.ends_at - 7 * DAY)
    orders.remind(order_id=order.id, days=7, at=order.ends_at - 7 * DAY)
    assert (told(city), due(3), due(1)) == ([end], [], [1])
    orders.remind(order_id=order.id, days=1, at=order.ends_at - DAY)
    orders.remind(order_id=order.id, days=7, at=order.ends_at - DAY)

    assert (told(city), due(0.5)) == ([end, end], [])


def test_a_short_reservation_is_not_told_of_its_end_when_it_begins_and_a_renewed_one_never(city):
    short = reserve(city, DAYS, periods=2)
    month = reserve(city, key="r2")
    renew(city, month)

    assert not Order.objects.ending(7, NOON).filter(id=short.id).exists()
    assert Order.objects.ending(1, short.ends_at - DAY).get() == short
    assert not Order.objects.ending(7, month.ends_at - DAY).exists()


def test_a_sweep_tells_whose_reservation_ends(city):
    now = timezone.now()
    order = reserve(city)
    Order.objects.filter(id=order.id).update(starts_at=now - 20 * DAY, ends_at=now + 5 * DAY)

    remind_of_endings()
    remind_of_endings()

    assert len(told(city)) == 1
