"""Placing, confirming, withdrawing: what is set aside, and that a refusal moves nothing."""

from datetime import timedelta

import pytest

from federation.capacity.models import Hold, Pool
from marketplace.catalogue.models import PlanPrice
from marketplace.funding.models import FundingHold
from marketplace.ledger.models import Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.orders import actions as orders
from marketplace.orders import refusals
from marketplace.orders.models import Order
from marketplace.orders.story import charged
from marketplace.orders.tasks import follow_approvals
from marketplace.settlement import queries as books
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.organizations.models import Project
from portal.shell.exceptions import Refusal
from scheduler.workloads.models import Workload
from subsidies.vouchers.models import Voucher
from tests.city import NOON, bill, place, request, run

LIST = 18816  # 8 cards × 1 h × ¥23.52
DISTRICT = 1881  # 10 % of it, from Siming for a Siming firm
CITY = 5080  # 30 % of what is left, rounded down


def standing(city):
    """Everything that an order may move."""
    return (
        balance(Kind.PREPAID, "EN-LUDAO"),
        balance(Kind.PREPAID_HELD, "EN-LUDAO"),
        Journal.objects.count(),
        Order.objects.count(),
        Workload.objects.count(),
        FundingHold.objects.count(),
        sum(Pool.objects.values_list("cards_held", flat=True)),
    )


def test_an_order_sets_vouchers_money_and_cards_aside(city):
    order = place(city)

    assert (order.amount, order.voucher_amount, order.cash_amount) == (
        LIST,
        DISTRICT + CITY,
        LIST - DISTRICT - CITY,
    )
    assert order.status == Order.Status.CONFIRMED
    assert list(FundingHold.objects.filter(order_code=order.code).values_list("source", "amount")) == [
        ("vouchers", DISTRICT),
        ("vouchers", CITY),
        ("wallet", order.cash_amount),
    ]
    assert balance(Kind.PREPAID_HELD, "EN-LUDAO") == order.cash_amount
    assert balance(Kind.PREPAID, "EN-LUDAO") == 20_000_000 - order.cash_amount
    assert Hold.objects.get(key=order.code).cards == 8
    assert Workload.objects.get(order_code=order.code).status == Workload.Status.QUEUED
    assert books.breaks() == []


def test_the_same_key_is_one_order(city):
    first = place(city)
    before = standing(city)

    second = place(city)

    assert second == first
    assert standing(city) == before


def test_a_replay_answers_with_the_first_order_even_when_the_plan_has_left_the_shelf(city):
    first = place(city)
    type(first.plan).objects.update(is_listed=False)

    assert place(city) == first


def test_a_plan_without_a_price_is_refused_by_name(city):
    PlanPrice.objects.all().delete()
    before = standing(city)

    with pytest.raises(refusals.BadOrder) as refusal:
        place(city)

    assert refusal.value.code == "no_price"
    assert standing(city) == before


def test_the_same_key_for_another_order_is_refused(city):
    place(city)
    before = standing(city)

    with pytest.raises(refusals.KeyReused):
        place(city, cards=4)

    assert standing(city) == before


@pytest.mark.parametrize(
    ("wishes", "code", "field"),
    [
        ({"cards": 0}, "cards_out_of_range", "cards"),
        ({"cards": 257}, "cards_out_of_range", "cards"),
        ({"hours": "-1"}, "hours_out_of_range", "hours"),
        ({"hours": "721"}, "hours_out_of_range", "hours"),
        ({"command": "  "}, "command_missing", "command"),
        ({"files": (("../x.py", b""),)}, "bad_files", "files"),
        ({"files": (("x.bin", b"0" * (10 * 1024 * 1024 + 1)),)}, "files_too_big", "files"),
        ({"files": (("a.py", b"1"), ("a.py", b"2"))}, "bad_files", "files"),
        ({"vouchers": frozenset({"VC000000-NOTMINE1"})}, "voucher_unknown", "vouchers"),
        ({"cards": 200}, "nowhere_to_run", "cards"),
    ],
)
def test_a_refusal_names_the_field_and_moves_nothing(city, wishes, code, field):
    before = standing(city)

    with pytest.raises(Refusal) as refusal:
        place(city, **wishes)

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert standing(city) == before


def test_another_firms_voucher_is_unknown_here(city):
    theirs = Voucher.objects.filter(organization=city.yunding).first()
    before = standing(city)

    with pytest.raises(Refusal) as refusal:
        place(city, vouchers=frozenset({theirs.code}))

    assert refusal.value.code == "voucher_unknown"
    assert standing(city) == before


def test_an_expired_voucher_is_refused_by_name(city):
    mine = Voucher.objects.filter(organization=city.ludao).first()
    later = mine.expires_at + timedelta(days=1)
    Pool.objects.update(observed_at=later)
    before = standing(city)

    with pytest.raises(Refusal) as refusal:
        place(city, vouchers=frozenset({mine.code}), at=later)

    assert refusal.value.code == "voucher_expired"
    assert mine.code in str(refusal.value.message)
    assert standing(city) == before


def test_an_order_beyond_the_purse_moves_nothing(city):
    Project.objects.filter(id=city.lab.id).update(monthly_budget=0)
    before = standing(city)

    with pytest.raises(Refusal) as refusal:
        place(city, hours="720", cards=64, code="telecom-ascend910b")

    assert refusal.value.code == "insufficient_funds"
    assert standing(city) == before


def test_a_project_budget_is_a_ceiling(city):
    Project.objects.filter(id=city.lab.id).update(monthly_budget=LIST + 100)
    place(city)
    before = standing(city)

    with pytest.raises(refusals.OverBudget):
        place(city, key="k2", cards=2)

    assert standing(city) == before


def test_no_voucher_may_be_chosen(city):
    order = place(city, vouchers=frozenset())

    assert (order.voucher_amount, order.cash_amount) == (0, LIST)


def test_a_large_order_waits_for_a_second_person(city):
    order = place(city, project=city.model, hours="10")

    assert order.status == Order.Status.AWAITING_APPROVAL
    assert Workload.objects.get(order_code=order.code).status == Workload.Status.DRAFT

    approval = Approval.objects.get(subject_code=order.code)
    approvals.decide(approval_id=approval.id, approve=True, by=city.fiona, at=NOON)
    follow_approvals()
    order.refresh_from_db()

    assert order.status == Order.Status.CONFIRMED
    assert Workload.objects.get(order_code=order.code).status == Workload.Status.QUEUED


def test_nobody_approves_their_own_order(city):
    order = place(city, project=city.model, hours="10", by=city.alice)
    approval = Approval.objects.get(subject_code=order.code)

    with pytest.raises(approvals.CannotDecide):
        approvals.decide(approval_id=approval.id, approve=True, by=city.alice, at=NOON)

    approval.refresh_from_db()
    assert approval.status == Approval.Status.PENDING


def test_a_rejected_order_gives_everything_back(city):
    before = standing(city)[:2]
    order = place(city, project=city.model, hours="10")
    approval = Approval.objects.get(subject_code=order.code)

    approvals.decide(approval_id=approval.id, approve=False, reason="本月预算不足", by=city.fiona, at=NOON)
    follow_approvals()
    order.refresh_from_db()

    assert order.status == Order.Status.REJECTED
    assert standing(city)[:2] == before
    assert Hold.objects.get(key=order.code).state == Hold.State.RELEASED
    assert books.breaks() == []


def test_an_order_nobody_answers_expires(city):
    order = place(city, project=city.model, hours="10")

    orders.expire(order_id=order.id, at=order.confirm_by)
    order.refresh_from_db()

    assert order.status == Order.Status.EXPIRED
    assert balance(Kind.PREPAID_HELD, "EN-LUDAO") == 0


def test_cancelling_before_submission_gives_everything_back(city):
    from marketplace.billing.tasks import bill_finished_orders

    order = place(city)

    orders.cancel(order_id=order.id, by=city.bob, at=NOON + timedelta(minutes=1))
    bill_finished_orders()
    order.refresh_from_db()

    assert (order.status, order.billed_amount) == (Order.Status.CANCELLED, 0)
    assert balance(Kind.PREPAID, "EN-LUDAO") == 20_000_000
    assert books.breaks() == []


def test_cancelling_twice_changes_nothing(city):
    order = place(city)
    orders.cancel(order_id=order.id, by=city.bob, at=NOON)
    before = standing(city)

    orders.cancel(order_id=order.id, by=city.bob, at=NOON + timedelta(minutes=1))

    assert standing(city) == before


def test_a_price_rise_leaves_a_placed_order_alone(city):
    from decimal import Decimal

    from marketplace.catalogue.actions import put_on_shelf

    order = place(city)
    plan = order.plan
    put_on_shelf(
        provider=plan.provider,
        accelerator=plan.accelerator,
        unit_price=Decimal("99"),
        cards_max=256,
        hours_max=720,
        at=NOON + timedelta(hours=1),
    )
    order.refresh_from_db()

    assert order.unit_price == Decimal("23.52")
    assert request(city.lab).plan.prices.count() == 2


def test_each_state_says_whether_it_costs_anything(city):
    order = place(city)

    def said():
        order.refresh_from_db()
        return charged(order, Workload.objects.get(order_code=order.code))

    words = [said()]
    Workload.objects.filter(order_code=order.code).update(started_at=NOON)
    words.append(said())
    Workload.objects.filter(order_code=order.code).update(started_at=None)
    run(order, seconds=60)
    words.append(said())
    bill(order)
    words.append(said())
    order = place(city, key="k2")
    orders.cancel(order_id=order.id, by=city.bob, at=NOON)
    bill(order)
    words.append(said())

    assert words == [
        "开始运行前不计费，金额与算力券只是冻结。",
        "正在按秒计费，停止即止。",
        "已停止计费，正在结算。",
        "已按实际使用结算，多冻结的已退回。",
        "没有费用，冻结的金额与算力券已全部退回。",
    ]
