"""Offers: written by the provider, reviewed by the platform, on the shelf at their date; a placed order keeps its price."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook

from marketplace.catalogue import drafts, sheets
from marketplace.catalogue.models import Plan, PlanPrice, PriceDraft
from marketplace.catalogue.tasks import follow_price_drafts
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from tests.city import DAY, NOON, bill, place, plan, price_draft, run
from tests.portal.test_approvals import visitor

pytestmark = pytest.mark.django_db
Status = PriceDraft.Status


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
    assert (changes["单价（元/卡时）"]["now"], changes["单价（元/卡时）"]["then"]) == ("23.52", "20")
    assert [name for name, change in changes.items() if not change["is_changed"]] == [
        "单个订单最长小时数",
        "在售",
    ]


# --- spreadsheets --------------------------------------------------------------------------------------
GOOD = ["h800", 20.5, 32, 100, "是", "2026-12-01 00:00"]


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
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(city, change, words):
    bad = [change.get(n, cell) for n, cell in enumerate(["a800", *GOOD[1:]])]
    content = SimpleUploadedFile("prices.xlsx", book(GOOD, bad))

    page = visitor(city.unicom).post("/prices/sheet/", {"file": content})

    assert page.status_code == 422
    assert "第 3 行" in page.content.decode() and words in page.content.decode()
    assert not PriceDraft.objects.exists()


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
    sold = {
        p.accelerator_id: p.unit_price
        for p in Plan.objects.filter(provider__code="unicom").priced(timezone.now())
    }
    assert {d.accelerator_id: d.unit_price for d in PriceDraft.objects.all()} == sold
    assert all(d.effective_from - timezone.now() < timedelta(minutes=2) for d in PriceDraft.objects.all())
