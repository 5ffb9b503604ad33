"""Offers: written by the provider, reviewed by the platform, on the shelf at their date; a placed order keeps its price."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from openpyxl import Workbook

from federation.capacity.models import Pool
from marketplace.catalogue import drafts, sheets
from marketplace.catalogue.actions import put_on_shelf
from marketplace.catalogue.models import Kind, Plan, PlanPrice, PriceDraft
from marketplace.catalogue.tasks import follow_price_drafts
from marketplace.orders import refusals
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from tests.city import DAY, NOON, bill, place, plan, price_draft, run
from tests.portal.test_approvals import visitor

pytestmark = pytest.mark.django_db
Status = PriceDraft.Status
MINUTE = timedelta(minutes=1)


def price_now(at=None):
    return Plan.objects.filter(code="unicom-h800").priced(at or timezone.now()).get().unit_price


def decide(city, draft, approve=True, by=None):
    approval = Approval.objects.get(subject_code=draft.code)
    approvals.decide(
        approval_id=approval.id, approve=approve, reason="价格偏高", by=by or city.operator, at=timezone.now()
    )
    follow_price_drafts()
    draft.refresh_from_db()
    return draft


def test_a_draft_reaches_the_shelf_by_review_and_date(city):
    before = price_now()
    draft = price_draft(city, at=NOON)
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)
    follow_price_drafts()
    assert price_now() == before

    decide(city, draft)

    assert draft.status == Status.PUBLISHED
    assert price_now() == Decimal(20)
    assert plan().cards_max == 64


def test_before_its_date_nothing_changes(city):
    before = price_now()
    draft = price_draft(city, at=timezone.now() + 3 * DAY)
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)

    decide(city, draft)

    assert (draft.status, price_now()) == (Status.APPROVED, before)
    drafts.publish(draft_id=draft.id, at=draft.effective_from)
    assert price_now(draft.effective_from) == Decimal(20)
    assert (
        PlanPrice.objects.filter(plan=plan()).in_force(draft.effective_from - DAY).get().unit_price == before
    )


def test_an_order_keeps_the_price_it_was_placed_at(city):
    order = place(city)
    draft = price_draft(city, at=NOON, price="99")
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)
    decide(city, draft)

    run(order, seconds=3600)
    bill(order)

    assert order.lines.get().unit_price == order.unit_price == Decimal("23.52")


def test_a_refused_draft_says_why_and_sells_nothing_new(city):
    before = price_now()
    draft = price_draft(city, at=NOON)
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)

    decide(city, draft, approve=False)

    assert (draft.status, draft.refusal, price_now()) == (Status.REFUSED, "价格偏高", before)


def test_a_provider_does_not_review_its_own(city):
    draft = price_draft(city, at=NOON)
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)

    with pytest.raises(approvals.CannotDecide):
        decide(city, draft, by=city.unicom)


def test_a_withdrawn_draft_asks_nobody_any_more(city):
    draft = price_draft(city, at=NOON)
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)

    drafts.withdraw(draft_id=draft.id, by=city.unicom)
    drafts.withdraw(draft_id=draft.id, by=city.unicom)

    assert Approval.objects.get(subject_code=draft.code).status == Approval.Status.LAPSED


def test_a_draft_is_written_anew_and_a_submitted_one_is_not(city):
    first = price_draft(city, at=NOON)
    assert price_draft(city, at=NOON, price="21") == first
    drafts.submit(draft_id=first.id, by=city.unicom, at=NOON)

    with pytest.raises(drafts.BadOffer) as refusal:
        price_draft(city, at=NOON, price="22")

    first.refresh_from_db()
    assert first.code in refusal.value.message and first.unit_price == Decimal(21)


def test_taken_off_the_shelf_it_is_found_no_more(city, client):
    draft = price_draft(city, at=NOON, is_listed=False)
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)

    decide(city, draft)

    assert client.get("/marketplace/plans/unicom-h800/").status_code == 404


def test_a_draft_is_shown_beside_what_is_sold(city):
    draft = price_draft(city, at=NOON)

    page = visitor(city.unicom).get(draft.get_absolute_url())

    changes = {change["name"]: change for change in page.context["changes"]}
    assert (changes["单价（元）"]["now"], changes["单价（元）"]["then"]) == ("23.52", "20")
    assert [name for name, change in changes.items() if not change["is_changed"]] == [
        "每份数量",
        "阶梯价",
        "提前结束的单价（元）",
        "单个订单最长小时数",
        "在售",
    ]


# --- spreadsheets --------------------------------------------------------------------------------------
GOOD = ["h800", 20.5, 32, 100, "是", "2026-12-01 00:00", "按量（卡时）", "", None, None, None]


def book(*rows):
    workbook, body = Workbook(), BytesIO()
    workbook.active.append(sheets.heads())
    for row in rows:
        workbook.active.append(row)
    workbook.save(body)
    return body.getvalue()


def test_a_sheet_is_read_to_the_last_decimal(city):
    (offer,) = sheets.read(book(GOOD))

    assert (offer.accelerator.code, offer.unit_price, offer.cards_max) == ("h800", Decimal("20.5"), 32)
    assert f"{timezone.localtime(offer.effective_from):%Y-%m-%d %H:%M}" == "2026-12-01 00:00"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({0: "h999"}, "没有型号编码“h999”"),
        ({1: "很贵"}, "不是数字"),
        ({1: -1}, "单价须大于 0"),
        ({1: "nan"}, "不是数字"),
        ({2: 1.5}, "须为整数"),
        ({2: 0}, "卡数须在"),
        ({3: 10**6}, "时长须在"),
        ({4: "大概"}, "请填“是”或“否”"),
        ({5: "明天"}, "生效时间请写成"),
        ({6: "论斤"}, "“销售方式”请从这些中选"),
        ({7: "100-13"}, "阶梯请写成"),
        ({7: "100:很低"}, "阶梯请写成"),
        ({7: "100:21"}, "单价须逐级降低"),
        ({7: "200:9;100:8"}, "起点须逐级升高"),
        ({10: 0}, "每份数量须在"),
        ({10: "一百"}, "每份数量“一百”不是数字"),
        ({7: "150:19", 10: 100}, "须是每份数量 100 的整数倍"),
        ({8: 12, 9: 30}, "只有包月"),
        ({6: "month", 8: 12}, "须同时填写"),
        ({6: "month", 8: 12, 9: 20}, "不能低于单价"),
        ({6: "month", 8: 36, 9: 30}, "须在 2 到 12 之间"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(city, change, words):
    bad = [change.get(n, cell) for n, cell in enumerate(["a800", *GOOD[1:]])]
    content = SimpleUploadedFile("prices.xlsx", book(GOOD, bad))

    page = visitor(city.unicom).post("/prices/sheet/", {"file": content})

    assert page.status_code == 422
    assert "第 3 行" in page.content.decode() and words in page.content.decode()
    assert not PriceDraft.objects.exists()


def test_a_card_may_be_sold_in_every_way_that_is_known(city):
    ways = [
        [*GOOD[:6], "batch", "100:19;1000:18", None, None, 100],
        [*GOOD[:6], "开发机（卡时）", None, None, None],
        [*GOOD[:6], "包天（卡·天）", "30：18；90：16", None, None],
        [*GOOD[:6], "month", None, None, None],
        [*GOOD[:6], "month", None, 12, 30],
        [*GOOD[:6], "node", None, None, None],
        [*GOOD[:6], "tokens", None, None, None],
        [*GOOD[:6], "service", None, None, None],
    ]

    offers = sheets.read(book(*ways))

    assert [(str(o.kind), str(o.unit), o.term) for o in offers] == [
        ("batch", "card_hour", 0),
        ("interactive", "card_hour", 0),
        ("reserved", "card_day", 0),
        ("reserved", "card_month", 0),
        ("reserved", "card_month", 12),
        ("reserved", "node_month", 0),
        ("tokens", "million_tokens", 0),
        ("service", "piece", 0),
    ]
    assert (offers[0].tiers, offers[0].package) == (((100, 19), (1000, 18)), 100)
    assert offers[2].tiers == ((30, 18), (90, 16))
    assert offers[4].early_price == 30


def test_the_same_card_twice_is_named(city):
    with pytest.raises(sheets.BadSheet, match="与第 2 行重复"):
        sheets.read(book(GOOD, GOOD))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"no sheet at all"])
def test_what_is_no_sheet_is_refused(city, content):
    with pytest.raises(sheets.BadSheet):
        sheets.read(content)


def test_the_own_price_list_comes_back_as_it_went_out(city):
    client = visitor(city.unicom)
    content = client.get("/prices/sheet/prices.xlsx").content

    answer = client.post("/prices/sheet/", {"file": SimpleUploadedFile("prices.xlsx", content)})

    assert answer.status_code == 302
    names = ("accelerator_id", "kind", "unit", "term", "unit_price", "tiers", "early_price", "package")
    sold = Plan.objects.filter(provider__code="unicom").priced(timezone.now()).order_by("code")
    drafts_of = {tuple(map(str, row)) for row in PriceDraft.objects.values_list(*names)}
    assert drafts_of == {tuple(map(str, row)) for row in sold.values_list(*names)}
    assert all(d.effective_from - timezone.now() < timedelta(minutes=2) for d in PriceDraft.objects.all())


# --- tiers ---------------------------------------------------------------------------------------------
TIERS = ((Decimal(10), Decimal("18")), (Decimal(20), Decimal("15.5")))


def test_tiers_reach_the_shelf_and_price_an_order(city):
    draft = price_draft(city, at=NOON, tiers=TIERS)
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)
    decide(city, draft)

    Pool.objects.update(observed_at=timezone.now())
    order = place(city, at=timezone.now(), cards=8, hours="3")

    assert order.amount == 10 * 2000 + 10 * 1800 + 4 * 1550
    run(order, seconds=5400)
    bill(order)
    assert (order.billed_amount, order.lines.get().gross) == (10 * 2000 + 2 * 1800,) * 2


def test_a_price_change_leaves_the_tiers_of_a_placed_order_alone(city):
    put_on_shelf(
        provider=plan().provider,
        accelerator=plan().accelerator,
        unit_price=Decimal(20),
        tiers=TIERS,
        cards_max=64,
        hours_max=720,
        at=NOON + MINUTE,
    )
    order = place(city, at=NOON + MINUTE, cards=8, hours="3")

    put_on_shelf(
        provider=plan().provider,
        accelerator=plan().accelerator,
        unit_price=Decimal(20),
        cards_max=64,
        hours_max=720,
        at=NOON + 2 * MINUTE,
    )

    order.refresh_from_db()
    assert order.tariff.tiers == TIERS
    assert [price.tiers for price in PlanPrice.objects.filter(plan=plan())[:2]] == [
        [],
        [list(tier) for tier in TIERS],
    ]


@pytest.mark.parametrize(
    "tiers",
    [[[0, 9]], [[10, 21]], [[10, 18], [10, 17]], [[10, 18], [20, 18]], [[10, 0]], [[10, None]]],
)
def test_the_database_refuses_tiers_that_do_not_fall(city, tiers):
    price = PlanPrice.objects.get(plan=plan(), effective_to=None)
    price.unit_price, price.tiers = 20, tiers

    with pytest.raises(IntegrityError, match="tiers_fall"), transaction.atomic():
        price.save()


@pytest.mark.parametrize(("begins", "ends"), [(-2, None), (-2, -1), (0, 1), (5, None)])
def test_no_two_prices_of_one_plan_are_in_force_at_once(city, begins, ends):
    now = PlanPrice.objects.get(plan=plan(), effective_to=None)
    since = now.effective_from + begins * DAY
    other = PlanPrice(plan=now.plan, unit_price=1, effective_from=since)
    other.effective_to = None if ends is None else now.effective_from + ends * DAY

    if ends == -1:
        other.save()
    else:
        with pytest.raises(IntegrityError, match="one_price_at_a_time"), transaction.atomic():
            other.save()

    assert price_now(now.effective_from) == now.unit_price


# --- packages ------------------------------------------------------------------------------------------
def sell_by_the_hundred(city):
    draft = price_draft(city, at=NOON, price="8", package=100, tiers=((Decimal(200), Decimal(7)),))
    drafts.submit(draft_id=draft.id, by=city.unicom, at=NOON)
    decide(city, draft)
    Pool.objects.update(observed_at=timezone.now())


def test_a_package_begun_is_held_and_billed_whole_and_the_others_go_back(city):
    sell_by_the_hundred(city)

    order = place(city, at=timezone.now(), cards=8, hours="30")

    assert order.amount == 200 * 800 + 100 * 700
    run(order, seconds=3600)
    bill(order)
    assert (order.billed_amount, order.lines.get().gross) == (80_000, 80_000)


def test_a_price_by_the_package_is_said_wherever_the_price_is(city):
    sell_by_the_hundred(city)
    order = place(city, at=timezone.now(), cards=8, hours="1")
    bob, words = visitor(city.bob), "每 100 卡时 ¥800.00，不足一份按一份计"

    for path in (
        "/marketplace/",
        "/marketplace/plans/unicom-h800/",
        "/marketplace/plans/unicom-h800/order/",
        order.get_absolute_url(),
    ):
        assert words in bob.get(path).content.decode(), path
    offer = bob.get("/api/v1/plans/unicom-h800/?cards=8").json()
    assert (offer["package"], offer["amount"]) == (100, "800.00")


def test_a_draft_keeps_what_was_typed_when_tiers_begin_within_a_package(city):
    typed = {
        "accelerator": "h800",
        "way": "batch",
        "unit_price": "8",
        "package": "100",
        "tiers": "150:7",
        "cards_max": "64",
        "hours_max": "720",
        "effective_from": "2027-01-01T00:00",
    }

    page = visitor(city.unicom).post("/prices/new/", typed)

    assert page.status_code == 422
    assert page.context["form"].errors["tiers"] == ["按份计价时，阶梯的起点须是每份数量 100 的整数倍。"]
    assert 'value="150:7"' in page.content.decode() and not PriceDraft.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [({"package": 0}, "package_is_not_empty"), ({"package": 100, "tiers": [[150, 9]]}, "tiers_fall")],
)
def test_the_database_refuses_packages_that_cannot_be(city, wrong, constraint):
    rows = PlanPrice.objects.filter(plan=plan(), effective_to=None)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        rows.update(**wrong)


def test_a_kind_that_cannot_be_delivered_yet_says_so_and_takes_no_order(city, client):
    dev = put_on_shelf(
        provider=plan().provider,
        accelerator=plan().accelerator,
        kind=Kind.INTERACTIVE,
        unit_price=Decimal(20),
        cards_max=8,
        hours_max=720,
        at=NOON,
    )

    page = client.get(f"/marketplace/plans/{dev.code}/?cards=2&hours=3").content.decode()

    assert "尚未开放下单" in page and "120.00" in page
    with pytest.raises(refusals.BadOrder, match="尚未开放下单") as refusal:
        place(city, code=dev.code)
    assert refusal.value.code == "kind_not_open"


@pytest.mark.parametrize(
    "wrong", [{"unit": "piece"}, {"kind": "tokens"}, {"term": 3}, {"kind": "reserved", "unit": "card_hour"}]
)
def test_the_database_knows_by_which_units_each_kind_is_sold(city, wrong):
    with pytest.raises(IntegrityError, match="plan_is_sold_by_its_units"), transaction.atomic():
        Plan.objects.filter(code="unicom-h800").update(**wrong)
