"""Where the money went, to the fen of the bills, and where the month is going."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from marketplace.billing.models import Bill
from marketplace.costs.forecast import at_this_pace
from marketplace.costs.queries import GROUPS, Months, forecast, shares, total
from portal.audit.models import Event
from portal.organizations.models import Project
from tests.city import DAY, NOON, bill, monthly_bills, place, run

NOVEMBER = Months(date(2026, 11, 1), date(2026, 11, 1))
DECEMBER = Months(date(2026, 12, 1), date(2026, 12, 1))
START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def used(city):
    """Two projects, two kinds of cards, two days; then December takes up a line that came late."""
    for number, (project, code, cards, at) in enumerate(
        [
            (city.lab, "unicom-h800", 8, NOON),
            (city.model, "unicom-h800", 1, NOON + DAY),
            (city.lab, "mobile-rtx4090", 2, NOON + DAY),
        ]
    ):
        order = place(city, key=f"k{number}", project=project, code=code, cards=cards)
        run(order, seconds=1800)
        bill(order, at=at)
    monthly_bills()
    late = place(city, key="late", cards=1)
    run(late, seconds=3600)
    bill(late, at=NOON + 2 * DAY)
    monthly_bills(at=NOON + 20 * DAY)
    return city


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("months", [NOVEMBER, DECEMBER], ids=["november", "december"])
def test_however_it_is_summed_it_is_the_bill(used, by, months):
    (made,) = Bill.objects.filter(month=months.since)

    sums = total(shares(used.fiona, months, by))

    assert {name: sums[name] for name in ("line_count", "gross", "voucher", "cash", "credit")} == {
        "line_count": made.line_count,
        "gross": made.gross,
        "voucher": made.voucher,
        "cash": made.cash,
        "credit": made.credit,
    }


def test_each_project_is_named_and_the_dearest_comes_first(used):
    rows = shares(used.fiona, NOVEMBER, "project")

    assert [(row["key"], row["label"], row["line_count"]) for row in rows] == [
        ("PJ-LUDAO-LAB", "算法实验室", 2),
        ("PJ-LUDAO-MODEL", used.model.name, 1),
    ]


def test_days_stand_in_their_order(used):
    both = Months(NOVEMBER.since, DECEMBER.until)

    assert [row["label"] for row in shares(used.fiona, both, "day")] == [
        "2026-11-21",
        "2026-11-22",
        "2026-11-23",
    ]


def test_another_firm_sees_none_of_it(used):
    assert shares(used.charlie, NOVEMBER, "project") == []


def test_what_is_not_billed_yet_counts_in_its_month(city):
    order = place(city)
    run(order, seconds=1800)
    bill(order)

    assert total(shares(city.fiona, NOVEMBER, "provider"))["gross"] == 9408


def test_the_forecast_stretches_the_month_and_adds_what_open_orders_hold(city):
    order = place(city)
    run(order, seconds=1800)
    bill(order)
    place(city, key="open", cards=1)
    at = NOON
    elapsed = at - datetime(2026, 10, 31, 16, tzinfo=UTC)

    found = forecast(city.fiona, at)

    assert (found.billed, found.held) == (9408, 2352)
    assert found.expected == round(9408 * (30 * DAY / elapsed)) + 2352


@pytest.mark.parametrize(
    ("spent", "days", "committed", "expected"),
    [(1000, 10, 0, 3000), (1000, 30, 500, 1500), (1, 20, 0, 2), (1, 21, 0, 1), (0, 1, 7, 7)],
)
def test_the_pace_of_the_month(spent, days, committed, expected):
    assert at_this_pace(spent, START, START + timedelta(days=days), END, committed) == expected


@given(st.integers(0, 10**12), st.integers(1, 30 * 86400), st.integers(0, 10**12))
def test_the_forecast_is_never_less_than_what_is_spent_and_committed(spent, seconds, committed):
    expected = at_this_pace(spent, START, START + timedelta(seconds=seconds), END, committed)

    assert expected >= spent + committed
    assert at_this_pace(spent, START, END, END, committed) == spent + committed


def test_a_moment_outside_the_month_is_refused():
    with pytest.raises(ValueError, match="within the month"):
        at_this_pace(1, START, START, END, 0)


def test_the_page_and_its_file_say_the_same(used, client):
    client.force_login(used.fiona)

    page = client.get("/costs/?by=accelerator&since=2026-11&until=2026-11").content.decode()
    answer = client.get("/costs/export.csv?by=accelerator&since=2026-11&until=2026-11")
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))

    (made,) = Bill.objects.filter(month=NOVEMBER.since)
    assert sum(round(float(row[3]) * 100) for row in rows[1:]) == made.gross
    for row in rows[1:]:
        assert row[0] in page
    paper = client.get("/costs/export.pdf?by=accelerator&since=2026-11&until=2026-11")
    assert paper.content.startswith(b"%PDF")
    assert client.get("/costs/export.doc").status_code == 404
    taken = Event.objects.get(name="export.taken", details__form="pdf")
    assert (taken.actor, taken.details["list"], taken.details["rows"]) == (used.fiona, "costs", len(rows) - 1)


@pytest.mark.parametrize("query", ["since=2026-12&until=2026-11", "by=colour", "since=13-2026"])
def test_what_cannot_be_asked_is_said(used, client, query):
    client.force_login(used.fiona)

    assert client.get(f"/costs/?{query}").status_code == 422


def test_the_page_costs_the_same_queries_however_much_there_is(used, client):
    client.force_login(used.fiona)
    client.get("/costs/")
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get("/costs/?since=2026-11&until=2026-12")
        counts.append(len(asked))
        project = Project.objects.create(
            code=f"PJ-{number}", organization=used.ludao, name=f"P{number}", monthly_budget=9_000_000
        )
        order = place(used, key=f"more{number}", project=project, cards=1)
        run(order, seconds=60)
        bill(order)

    assert counts[0] == counts[1]
