"""One bill a month for each firm: the sum of its lines, once, and never changed."""

from datetime import date
from io import BytesIO

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from marketplace.billing import queries
from marketplace.billing.models import Bill, BillItem, BillLine
from marketplace.settlement import queries as books
from portal.audit.models import Event
from portal.notices.models import Notice
from tests.city import DAY, NOON, bill, monthly_bills, place, run

MONTH = date(2026, 11, 1)


def used(city, *, key="k1", seconds=1800, at=NOON, **wishes):
    order = place(city, key=key, **wishes)
    run(order, seconds=seconds)
    return bill(order, at=at)


def test_a_month_becomes_one_bill_by_project(city):
    used(city)
    used(city, key="k2", project=city.model, seconds=3600, cards=1)

    (made,) = monthly_bills()

    assert (made.month, made.organization, made.line_count) == (MONTH, city.ludao, 2)
    assert (made.gross, made.voucher, made.cash, made.credit) == (11760, 4350, 7410, 0)
    assert (made.status, made.due_on) == (Bill.Status.PAID, date(2026, 12, 16))
    assert [(s["number"], s["line_count"], s["gross"]) for s in queries.by_project(made)] == [
        ("PJ-LUDAO-LAB", 1, 9408),
        ("PJ-LUDAO-MODEL", 1, 2352),
    ]
    assert sum(part["paid"] for part in queries.by_source(made)) == made.gross
    assert books.breaks() == []


def test_issuing_twice_issues_once(city):
    used(city)

    monthly_bills()

    assert monthly_bills() == []
    assert BillItem.objects.count() == 1


def test_a_line_that_comes_after_its_months_bill_stands_on_the_next(city):
    used(city)
    monthly_bills()
    late = used(city, key="late")
    used(city, key="december", at=NOON + 20 * DAY)

    (december,) = monthly_bills(at=NOON + 20 * DAY)

    assert december.month == date(2026, 12, 1)
    assert set(BillLine.objects.filter(item__bill=december).values_list("order__code", flat=True)) == {
        late.code,
        december.items.last().line.order.code,
    }
    assert books.breaks() == []


def test_what_is_used_this_month_waits(city):
    used(city, at=NOON + 20 * DAY)

    assert monthly_bills() == []
    assert Bill.objects.count() == 0


def test_a_firm_that_used_nothing_gets_no_bill(city):
    assert monthly_bills() == []


def test_each_bill_is_on_the_record_and_told_to_those_who_may_pay(city):
    used(city)
    before = Notice.objects.count()

    (made,) = monthly_bills()

    assert Event.objects.get(name="bill.issued").subject_code == made.code
    told = Notice.objects.filter(id__gt=0).order_by("id")[before:]
    assert {notice.user.username for notice in told} == {"alice", "fiona"}
    assert told[0].url == f"/bills/{made.code}/"


@pytest.mark.parametrize(
    "change", ["gross = gross + 1, cash = cash + 1", "due_on = due_on + 1", "line_count = 9"]
)
def test_the_database_lets_nobody_change_a_bills_figures(city, change):
    used(city)
    (made,) = monthly_bills()

    with (
        pytest.raises(IntegrityError, match="keeps its figures"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE marketplace_bill SET {change} WHERE id = %s", [made.id])


def test_the_database_refuses_a_bill_that_is_not_the_sum_of_its_lines(city):
    used(city)
    line = BillLine.objects.get()
    forged = Bill.objects.create(
        code="BI-FORGED",
        organization=city.ludao,
        month=MONTH,
        line_count=1,
        gross=line.gross + 1,
        voucher=line.voucher,
        cash=line.cash + 1,
        credit=0,
        brought=0,
        due=0,
        due_on=MONTH,
        issued_at=NOON,
    )

    with pytest.raises(IntegrityError, match="not the sum of its lines"), transaction.atomic():
        BillItem.objects.create(bill=forged, line=line)

    assert books.breaks() == ["bill BI-FORGED: not the sum of its lines"]


def test_another_firms_line_cannot_stand_on_a_bill(city):
    used(city)
    line = BillLine.objects.get()
    sums = {name: getattr(line, name) for name in ("gross", "voucher", "cash", "credit")}
    forged = Bill.objects.create(
        code="BI-FORGED",
        organization=city.yunding,
        month=MONTH,
        line_count=1,
        brought=0,
        due=0,
        due_on=MONTH,
        issued_at=NOON,
        **sums,
    )

    with pytest.raises(IntegrityError, match="not the sum of its lines"), transaction.atomic():
        BillItem.objects.create(bill=forged, line=line)


def test_the_page_and_the_spreadsheet_say_the_same(city, client):
    used(city)
    (made,) = monthly_bills()
    client.force_login(city.fiona)

    page = client.get(f"/bills/{made.code}/")
    book = load_workbook(BytesIO(client.get(f"/bills/{made.code}/export.xlsx").content))

    assert page.status_code == 200
    assert "94.08" in page.content.decode()
    assert Event.objects.get(name="export.taken").details["query"] == made.code
    heads = [cell.value for cell in book.worksheets[0][1]]
    assert float(book.worksheets[0].cell(2, heads.index("应付（元）") + 1).value) == 94.08


def test_a_bill_costs_the_same_queries_however_long(city, client):
    used(city)
    (short,) = monthly_bills()
    for number in range(6):
        used(city, key=f"n{number}", at=NOON + 20 * DAY, project=city.model if number % 2 else city.lab)
    (long,) = monthly_bills(at=NOON + 20 * DAY)
    client.force_login(city.fiona)
    client.get(f"/bills/{short.code}/")

    counts = []
    for made in (short, long):
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/bills/{made.code}/")
        counts.append(len(asked))

    assert counts[0] == counts[1]
