"""A declared list: what is asked is what is shown, and what is taken along."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from marketplace.orders.models import Order
from marketplace.orders.tables import screen as orders
from marketplace.settlement import actions as settlement
from portal.audit.models import Event
from portal.lists import actions as lists
from portal.lists.models import Export, SavedView
from portal.lists.tasks import write_exports
from portal.notices.models import Notice
from portal.shell import entries
from portal.shell.exceptions import Refusal
from portal.shell.lists import page_of
from portal.shell.screens import Asked, Listing, Taste
from portal.tokens import actions as tokens
from tests import city as town
from tests.city import apply_for_verification, bill, place, run
from tests.entrance import BACKEND


@pytest.fixture
def city(db):
    """Five orders: one billed, the others open, of one to five cards."""
    now = timezone.now()
    city = town.found(at=now)
    city.placed = [
        place(city, key=f"k{n}", cards=n, code="telecom-ascend910b", at=now + timedelta(minutes=n))
        for n in range(1, 6)
    ]
    run(city.placed[0], seconds=60, at=now)
    bill(city.placed[0], at=now)
    return city


def asked(city, query="", name="alice"):
    return Asked(orders, getattr(city, name), QueryDict(query))


def visitor(city, name):
    client = Client()
    client.force_login(getattr(city, name), backend=BACKEND)
    return client


def codes(rows):
    return [row.code for row in rows]


def walk(queryset, order, size=2):
    """Every page forward, and the pages back from the last one."""
    pages, cursor = [], ""
    while True:
        page = page_of(queryset, cursor, size, order)
        pages.append(page)
        if not page.next_cursor:
            break
        cursor = page.next_cursor
    back, cursor = [], pages[-1].previous_cursor
    while cursor:
        page = page_of(queryset, cursor, size, order)
        back.append(page)
        cursor = page.previous_cursor
    return pages, back


@pytest.mark.parametrize(
    "order", ["-id", "id", "cards", "-cards", "billed_amount", "-billed_amount", "amount"]
)
def test_pages_meet_without_gap_or_overlap_forward_and_back(city, order):
    forward, back = walk(Order.objects.all(), order)

    seen = [code for page in forward for code in codes(page)]
    assert sorted(seen) == sorted(codes(city.placed))
    assert [codes(page) for page in reversed(back)] == [codes(page) for page in forward[:-1]]


def test_rows_without_a_value_come_last_both_ways(city):
    up = [row.billed_amount for row in page_of(Order.objects.all(), "", 9, "billed_amount")]
    down = [row.billed_amount for row in page_of(Order.objects.all(), "", 9, "-billed_amount")]

    assert [amount is None for amount in up] == [False, True, True, True, True]
    assert [amount is None for amount in down] == [False, True, True, True, True]


def test_tabs_count_what_the_other_conditions_leave(city):
    tabs = {value: count for value, _label, count in asked(city, "status=billed").tabs}
    narrowed = {value: count for value, _label, count in asked(city, f"q={city.placed[1].code}").tabs}

    assert (tabs[""], tabs["billed"], tabs["confirmed"]) == (5, 1, 4)
    assert (narrowed[""], narrowed["billed"], narrowed["confirmed"]) == (1, 0, 1)


def test_the_totals_are_those_of_the_whole_filtered_list(city):
    sums = asked(city, "status=confirmed").sums

    assert sums["rows_counted"] == 4
    assert sums["total_of_amount"] == sum(order.amount for order in city.placed[1:])


def test_a_wish_that_makes_no_sense_is_left_out(city):
    wish = asked(city, "status=nonsense&ordering=password&since=yesterday&project=NONE")

    assert wish.count == 5
    assert wish.order == "-id"
    assert wish.chips == []


def test_every_condition_has_its_chip(city):
    wish = asked(city, "project=PJ-LUDAO-LAB&since=2026-01-01")

    assert [(name, label, words) for name, label, words in wish.chips] == [
        ("project", "项目", "算法实验室"),
        ("since", "下单日期起", "2026-01-01"),
    ]


def test_nobody_sees_the_rows_of_another_firm(city):
    assert asked(city, name="charlie").count == 0
    assert asked(city, name="officer").count == 5


def test_columns_density_and_size_are_remembered(city):
    client = visitor(city, "alice")

    answer = client.post(
        "/preferences/",
        {
            "list": "orders",
            "columns": ["status", "hours", "nonsense"],
            "density": "compact",
            "size": "50",
            "next": "/orders/",
        },
    )
    page = client.get("/orders/")

    assert answer.status_code == 302
    taste = Taste.from_cookie(client.cookies["list-orders"].value)
    assert taste == Taste(frozenset({"status", "hours"}), True, 50)
    assert [c.key for c in page.context["list"].columns] == ["name", "hours", "status"]
    assert b"is-compact" in page.content


@pytest.mark.parametrize("text", ["", "size=7", "size=x&density=?", "%%%", "columns="])
def test_an_odd_cookie_is_no_error(city, text):
    taste = Taste.from_cookie(text)

    assert (taste.size, taste.is_compact) == (25, False)
    assert Listing(asked(city), taste).columns[0].key == "name"


def test_the_spreadsheet_has_typed_cells_a_frozen_head_and_its_conditions(city):
    answer = visitor(city, "alice").get("/lists/orders/export.xlsx?status=billed&ordering=amount")

    book = load_workbook(BytesIO(answer.content))
    sheet, notes = book.worksheets
    head, row = list(sheet.iter_rows(values_only=True))
    facts = dict(zip(head, row))
    assert sheet.freeze_panes == "A2"
    assert facts["订单号"] == city.placed[0].code
    assert facts["冻结总额（元）"] == city.placed[0].amount / 100
    assert facts["卡数"] == 1
    assert facts["状态"] == "已结算"
    assert facts["下单时间"].year == timezone.localtime(city.placed[0].placed_at).year
    conditions = dict(notes.iter_rows(values_only=True))
    assert (conditions["状态"], conditions["导出人"], conditions["符合条件的条数"]) == ("已结算", "林安", 1)


def test_the_text_file_is_known_as_chinese_and_has_exactly_the_filtered_rows(city):
    answer = visitor(city, "alice").get("/lists/orders/export.csv?status=confirmed&ordering=cards")

    text = answer.content.decode()
    lines = text.splitlines()
    assert text[0] == "\ufeff"
    assert [line.split(",")[1] for line in lines[1:]] == codes(city.placed[1:])


def test_who_took_a_list_along_is_on_the_record(city):
    visitor(city, "alice").get("/lists/orders/export.csv?status=confirmed")
    visitor(city, "unicom").get("/lists/orders/export.csv")
    visitor(city, "alice").get("/lists/accelerators/export.csv")

    taken = Event.objects.get(name="export.taken")
    assert (taken.actor, taken.organization) == (city.alice, city.ludao)
    assert taken.details == {"list": "orders", "query": "status=confirmed", "rows": 4, "form": "csv"}


def test_a_file_holds_only_what_its_reader_may_see(city):
    mine = visitor(city, "charlie").get("/lists/orders/export.csv").content.decode().splitlines()
    refused = visitor(city, "unicom").get("/lists/orders/export.csv")
    stranger = Client().get("/lists/orders/export.csv")

    assert len(mine) == 1
    assert (refused.status_code, stranger.status_code) == (403, 404)


def test_the_three_kinds_of_nothing_differ(city):
    client = visitor(city, "charlie")

    nothing = client.get("/orders/").content.decode()
    narrowed = client.get("/orders/?q=nothing").content.decode()
    forbidden = visitor(city, "unicom").get("/orders/")

    assert "还没有订单" in nothing and "没有符合条件的记录" not in nothing
    assert "没有符合条件的记录" in narrowed and "清除筛选" in narrowed
    assert forbidden.status_code == 403


def test_only_the_results_answer_a_search_and_history_gets_the_page(city):
    client = visitor(city, "alice")
    asks = {"hx-request": "true", "hx-target": "results"}

    part = client.get("/orders/?q=x", headers=asks).content.decode()
    whole = client.get("/orders/?q=x", headers=asks | {"hx-history-restore-request": "true"}).content.decode()

    assert part.lstrip().startswith('<div id="results"') and "<html" not in part
    assert "<html" in whole


@pytest.mark.parametrize("code", sorted(entries.screens()))
def test_every_list_can_be_sorted_filtered_and_written_down(city, code):
    """Each declared column is found on a row, sorts, and has a typed cell."""
    screen = entries.screens()[code]
    place(city, key="dear", cards=1, hours="100", project=city.model, at=timezone.now())
    lists.request_export(
        screen="orders", query="", form="csv", row_count=5, language="en", by=city.alice, at=timezone.now()
    )
    settlement.close(until=timezone.now(), by=None, at=timezone.now())
    tokens.issue(
        organization=city.ludao, name="k", scopes=["orders:read"], days=30, by=city.alice, at=timezone.now()
    )
    apply_for_verification(city.yunding, city.charlie, at=timezone.now())
    readers = (city.alice, city.auditor, city.finance, city.officer, city.operator)
    user = next((u for u in readers if Asked(screen, u, QueryDict("")).count), city.alice)

    for column in [c for c in screen.columns if c.sort]:
        for sign in ("", "-"):
            wish = Asked(screen, user, QueryDict(f"ordering={sign}{column.key}"))
            assert len(Listing(wish, Taste(size=25)).table) == min(wish.count, 25)
    assert list(Asked(screen, user, QueryDict("q=x")).sheet_rows(10)) is not None
    rows = list(Asked(screen, user, QueryDict("")).sheet_rows(10))
    assert {len(row) for row in rows} <= {len(screen.facts)}


@pytest.fixture
def short(monkeypatch):
    """Three rows are already a long list."""
    monkeypatch.setattr("portal.lists.views.MOST_AT_ONCE", 3)


def test_a_long_list_is_written_in_the_background_and_only_its_asker_fetches_it(city, short):
    alice, bob = visitor(city, "alice"), visitor(city, "bob")

    offer = alice.get("/lists/orders/export.csv?status=confirmed")
    alice.post("/lists/orders/exports/", {"form": "csv", "query": "status=confirmed&ordering=cards"})
    export = Export.objects.get()
    before = alice.get(f"/exports/{export.code}/")
    write_exports()
    write_exports()
    after = alice.get(f"/exports/{export.code}/")

    assert "在后台导出" in offer.content.decode()
    assert (export.status, export.row_count, before.status_code) == ("queued", 4, 404)
    lines = after.content.decode().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == codes(city.placed[1:])
    assert bob.get(f"/exports/{export.code}/").status_code == 404
    assert Notice.objects.filter(user=city.alice, url="/exports/").count() == 1


def test_a_file_asked_for_by_somebody_who_left_is_not_written(city):
    lists.request_export(
        screen="orders", query="", form="csv", row_count=5, language="en", by=city.alice, at=timezone.now()
    )
    city.alice.memberships.all().delete()

    write_exports()

    export = Export.objects.get()
    assert (export.status, export.content) == ("failed", None)


def test_files_are_thrown_away_after_a_week(city):
    wish = {
        "screen": "orders",
        "query": "",
        "form": "xlsx",
        "row_count": 5,
        "language": "en",
        "by": city.alice,
    }
    old = lists.request_export(**wish, at=timezone.now() - timedelta(days=8))
    young = lists.request_export(**wish, at=timezone.now())
    lists.finish(export_id=old.id, content=b"x", filename="x", at=timezone.now() - timedelta(days=8))
    lists.finish(export_id=young.id, content=b"x", filename="x", at=timezone.now())

    lists.expire(at=timezone.now())

    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.status, old.content) == ("expired", None)
    assert (young.status, bytes(young.content)) == ("ready", b"x")


def test_a_fourth_waiting_file_is_refused(city):
    wish = {
        "screen": "orders",
        "query": "",
        "form": "csv",
        "row_count": 5,
        "language": "en",
        "by": city.alice,
    }
    for _number in range(3):
        lists.request_export(**wish, at=timezone.now())

    with pytest.raises(Refusal, match="3 个导出"):
        lists.request_export(**wish, at=timezone.now())

    assert Export.objects.count() == 3


def test_a_default_view_opens_the_list_and_all_still_shows_all(city):
    alice = visitor(city, "alice")

    alice.post(
        "/lists/orders/views/",
        {"name": "已结算的", "query": "status=billed", "is_default": "on", "next": "/orders/"},
    )
    view = SavedView.objects.get()
    opened = alice.get("/orders/")
    all_rows = alice.get("/orders/?view=all")
    others = visitor(city, "bob").get("/orders/")

    assert opened.headers["location"] == f"/orders/?status=billed&view={view.code}"
    assert len(all_rows.context["list"].table) == 5
    assert "已结算的" in all_rows.content.decode()
    assert others.status_code == 200


def test_a_name_is_kept_once_and_one_view_is_the_default(city):
    wish = {"screen": "orders", "by": city.alice, "at": timezone.now()}
    lists.save_view(name="a", query="q=1", is_default=True, **wish)
    lists.save_view(name="b", query="q=2", is_default=True, **wish)
    lists.save_view(name="a", query="q=3", is_default=False, **wish)

    kept = SavedView.objects.order_by("name").values_list("name", "query", "is_default")
    assert list(kept) == [("a", "q=3", False), ("b", "q=2", True)]


def test_nobody_throws_another_persons_view_away(city):
    view = lists.save_view(
        screen="orders", name="a", query="", is_default=False, by=city.alice, at=timezone.now()
    )

    answer = visitor(city, "bob").post(f"/lists/views/{view.code}/forget/")

    assert answer.status_code == 404
    assert SavedView.objects.filter(code=view.code).exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_is_whole_when_every_statement_is_its_own_transaction(transactional_db):
    """A cursor that lives on the server is asked for rows after the statement that said for whom it is."""
    city = town.found(at=timezone.now())
    for number in range(3):
        place(city, key=f"k{number}", cards=1, at=timezone.now())

    mine = visitor(city, "alice").get("/lists/orders/export.csv").content.decode().splitlines()
    theirs = visitor(city, "charlie").get("/lists/orders/export.csv").content.decode().splitlines()

    assert (len(mine), len(theirs)) == (4, 1)


def unread(user):
    return set(Notice.objects.filter(user=user, read_at=None).values_list("code", flat=True))


def test_ticked_rows_are_changed_and_no_others(city):
    mine = sorted(unread(city.alice))
    others = sorted(unread(city.charlie))

    visitor(city, "alice").post("/notices/read-many/", {"codes": [mine[0], others[0]]})

    assert unread(city.alice) == set(mine[1:])
    assert unread(city.charlie) == set(others)


def test_the_whole_list_means_what_its_conditions_left(city):
    money = set(Notice.objects.filter(user=city.alice, kind="money").values_list("code", flat=True))
    before = unread(city.alice)

    visitor(city, "alice").post("/notices/read-many/", {"all": "on", "query": "kind=money"})

    assert money and unread(city.alice) == before - money
