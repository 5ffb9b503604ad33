"""A project's month: people hear in time, new orders stop, and where they asked for it everything does."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.budgets import actions as budgets
from marketplace.budgets.models import BudgetMark
from marketplace.budgets.tasks import follow_budgets
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders.models import Order
from marketplace.orders.refusals import OverBudget
from marketplace.settlement import queries as books
from portal.audit.models import Event
from portal.notices.models import Notice
from portal.organizations import actions as organizations
from portal.organizations.models import Project
from scheduler.workloads.models import Workload
from tests.city import DAY, NOON, bill, place, run

# What an hour of eight cards holds.
HOUR = 18816


def budget(city, amount, *, remind=80, stop_new=100, stop_all=None):
    return organizations.set_budget(
        project_id=city.lab.id,
        monthly_budget=amount,
        remind_percent=remind,
        stop_new_percent=stop_new,
        stop_all_percent=stop_all,
        by=city.fiona,
    )


def marks():
    return list(BudgetMark.objects.order_by("id").values_list("kind", "percent", "budget", "spent"))


def told(city, name):
    return [n.sentence % n.values for n in Notice.objects.filter(user=getattr(city, name), url="/budgets/")]


def test_at_eighty_percent_administrators_and_finance_hear_once(city):
    budget(city, HOUR * 5 // 4)
    place(city)

    budgets.follow(project_id=city.lab.id, at=NOON)
    budgets.follow(project_id=city.lab.id, at=NOON + DAY)

    assert marks() == [("remind", 80, 23520, HOUR)]
    assert told(city, "alice") == told(city, "fiona")
    assert told(city, "fiona") == ["项目“算法实验室”本月已用 ¥188.16，达到预算 ¥235.20 的 80%"]
    assert told(city, "bob") == []
    assert Event.objects.filter(name="project.budget_reached").count() == 1


def test_below_the_mark_nobody_hears(city):
    budget(city, HOUR * 5 // 4 + 1)
    place(city)

    assert budgets.follow(project_id=city.lab.id, at=NOON) == []
    assert marks() == []


def test_another_amount_and_another_month_are_told_anew(city):
    budget(city, HOUR)
    place(city)
    budgets.follow(project_id=city.lab.id, at=NOON)

    budget(city, HOUR * 10 // 9)
    budgets.follow(project_id=city.lab.id, at=NOON)

    assert marks() == [("remind", 80, HOUR, HOUR), ("stop_new", 100, HOUR, HOUR), ("remind", 80, 20906, HOUR)]
    assert budgets.follow(project_id=city.lab.id, at=NOON + 20 * DAY) == []


def test_a_new_order_beyond_the_stop_is_refused_and_nothing_moves(city):
    budget(city, HOUR * 2, stop_new=60)
    place(city)

    with pytest.raises(OverBudget, match=r"新订单最多用到 ¥225\.79；已用 ¥188\.16，本单需 ¥47\.04"):
        place(city, key="k2", cards=2)

    assert Order.objects.count() == 1
    assert balance(Kind.PREPAID_HELD, "EN-LUDAO") == Order.objects.get().cash_amount


def test_an_order_that_just_reaches_the_stop_is_taken(city):
    budget(city, HOUR)

    assert place(city).status == Order.Status.CONFIRMED


def test_without_a_stop_orders_go_on(city):
    budget(city, HOUR, stop_new=None)
    place(city)

    assert place(city, key="k2", cards=1).status == Order.Status.CONFIRMED


def test_where_everything_shall_stop_no_new_order_comes_either(city):
    budget(city, HOUR, stop_new=None, stop_all=100)
    place(city)

    with pytest.raises(OverBudget):
        place(city, key="k2", cards=1)


def test_at_the_last_mark_running_work_is_asked_to_stop_and_its_seconds_are_billed(city):
    budget(city, 0)
    running = place(city)
    Workload.objects.filter(order_code=running.code).update(status=Workload.Status.RUNNING)
    place(city, key="other", project=city.model, cards=1)
    budget(city, HOUR // 2, stop_all=120)

    follow_budgets()
    follow_budgets()

    assert [kind for kind, *_rest in marks()] == ["remind", "stop_new", "stop_all"]
    assert Workload.objects.get(order_code=running.code).status == Workload.Status.CANCELLING
    assert Workload.objects.filter(status=Workload.Status.CANCELLING).count() == 1
    running.refresh_from_db()
    # Within the ten minutes, and yet not free: nobody withdrew it.
    assert (running.cancel_requested_at is None, running.is_withdrawn) == (False, False)
    run(running, seconds=300, to=Workload.Status.CANCELLED, reason="stopped")
    assert bill(running).billed_amount == 1568
    assert books.breaks() == []


def test_an_order_waiting_for_approval_ends_at_the_last_mark_and_its_money_returns(city):
    before = balance(Kind.PREPAID, "EN-LUDAO")
    Project.objects.filter(id=city.lab.id).update(approval_threshold=1, monthly_budget=0)
    waiting = place(city)
    budget(city, HOUR // 2, stop_all=120)

    budgets.follow(project_id=city.lab.id, at=NOON)

    waiting.refresh_from_db()
    assert waiting.status == Order.Status.CANCELLED
    assert balance(Kind.PREPAID, "EN-LUDAO") == before
    assert books.breaks() == []


def test_finance_sets_a_budget_and_the_record_says_from_what(city, client):
    client.force_login(city.fiona)
    typed = {
        "monthly_budget": "5000",
        "remind_percent": "70",
        "stop_new_percent": "100",
        "stop_all_percent": "",
    }

    answer = client.post("/organization/projects/PJ-LUDAO-LAB/budget/", typed)

    assert (answer.status_code, answer["Location"]) == (302, "/budgets/")
    city.lab.refresh_from_db()
    assert (city.lab.monthly_budget, city.lab.remind_percent, city.lab.stop_all_percent) == (
        500_000,
        70,
        None,
    )
    event = Event.objects.get(name="project.changed")
    assert (event.details["before"]["remind_percent"], event.details["after"]["remind_percent"]) == (80, 70)


@pytest.mark.parametrize(
    "wrong",
    [
        {"remind_percent": "0"},
        {"remind_percent": "1000"},
        {"stop_all_percent": "90"},
        {"monthly_budget": "-1"},
        {"monthly_budget": "1.001"},
    ],
)
def test_what_makes_no_budget_is_refused_and_kept_as_typed(city, client, wrong):
    client.force_login(city.fiona)
    typed = {"monthly_budget": "4321", "remind_percent": "80", "stop_new_percent": "100"} | wrong

    answer = client.post("/organization/projects/PJ-LUDAO-LAB/budget/", typed)

    assert answer.status_code == 422
    assert next(iter(wrong.values())) in answer.content.decode()
    before = city.lab.monthly_budget
    city.lab.refresh_from_db()
    assert city.lab.monthly_budget == before


def test_the_list_says_how_far_each_project_has_come_in_the_same_queries(city, client):
    client.force_login(city.fiona)
    budget(city, HOUR * 2)
    place(city)
    client.get("/budgets/")
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as asked:
            page = client.get("/budgets/").content.decode()
        counts.append(len(asked))
        for n in range(5):
            Project.objects.create(
                code=f"PJ-{number}{n}", organization=city.ludao, name=f"P{number}{n}", monthly_budget=9
            )

    assert "50%" in page
    assert counts[0] == counts[1]
