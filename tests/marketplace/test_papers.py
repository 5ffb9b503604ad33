"""Bills and statements as papers: their figures are the rows' own, to the fen."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from marketplace.payouts import actions as payouts
from marketplace.settlement import actions as settlement
from marketplace.settlement import corrections
from marketplace.settlement.models import Statement
from portal.papers.models import PrintedPaper
from portal.shell import limits
from portal.shell.money import yuan
from tests.city import DAY, NOON, bill, monthly_bills, paid_online, payout, place, run, stuck_refund
from tests.portal.test_approvals import visitor

pytestmark = pytest.mark.django_db
CHECK = "/papers/check/"


def read(person, address):
    answer = visitor(person).get(address)
    assert answer["Content-Type"] == "application/pdf"
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages).split())


@pytest.fixture
def used(city):
    order = place(city)
    run(order, seconds=1800)
    return bill(order)


def test_a_bills_paper_names_projects_payers_and_lines(city, used):
    (issued,) = monthly_bills()

    text = read(city.alice, f"/bills/{issued.code}/bill.pdf")

    assert issued.code in text and city.lab.name in text
    assert used.lines.get().code in text
    assert f"合计1{yuan(issued.gross)}{yuan(issued.voucher)}{yuan(issued.cash)}" in text


def test_a_statements_paper_shows_how_its_amount_comes_about(city, used):
    settlement.close(until=NOON + DAY, by=None, at=NOON + DAY)
    statement = Statement.objects.get(kind=Statement.Kind.PROVIDER)

    text = read(city.unicom, f"/statements/{statement.code}/statement.pdf")

    assert statement.code in text and used.lines.get().code in text
    assert f"计费总额{yuan(statement.gross)}" in text and f"减：佣金{yuan(statement.commission)}" in text


def test_a_batchs_paper_lists_every_payment_with_the_end_of_its_account(city):
    batch = payout(city, at=NOON).batch

    text = read(city.finance, f"/payouts/{batch.code}/batch.pdf")

    assert batch.code in text and batch.payouts.get().code in text
    assert "****5678" in text and "3502000012345678" not in text
    assert f"合计{yuan(batch.total)}" in text


def test_an_adjustment_and_a_refund_have_papers_that_name_both_persons(city):
    adjustment = corrections.propose_adjustment(
        organization=city.ludao, amount=1250, reason="重复计费", by=city.finance, at=NOON
    )
    corrections.decide_adjustment(adjustment_id=adjustment.id, agree=True, by=city.checker, at=NOON)
    refund = stuck_refund(city, paid_online(city))

    papers = [
        read(city.finance, f"/statements/adjustments/{adjustment.code}/adjustment.pdf"),
        read(city.finance, f"/payments/refunds/{refund.code}/refund.pdf"),
    ]

    assert adjustment.code in papers[0] and "12.50" in papers[0] and "重复计费" in papers[0]
    assert refund.code in papers[1] and "1.00" in papers[1]
    for text in papers:
        assert city.finance.name in text and city.checker.name in text


def test_costs_and_budgets_are_papers_with_the_pages_figures(city, used):
    costs = read(city.alice, "/costs/export.pdf?since=2026-11&until=2026-11")
    budgets = read(city.alice, "/budgets/budgets.pdf")

    assert city.lab.name in costs and f"合计114,400{yuan(used.billed_amount)}" in costs
    assert city.lab.name in budgets and yuan(city.lab.monthly_budget) in budgets


def test_a_paper_is_checked_by_its_code_without_an_account(city, used, client):
    (issued,) = monthly_bills()
    address = f"/bills/{issued.code}/bill.pdf"

    first, again = read(city.alice, address), read(city.fiona, address)

    printed = PrintedPaper.objects.get()
    assert printed.code in first and printed.code in again
    assert printed.digest in first
    page = client.get(CHECK, {"code": printed.code.lower()}).content.decode()
    assert issued.code in page and yuan(issued.gross) in page and printed.digest_words in page
    assert city.ludao.name not in page


def test_another_content_bears_another_code(city):
    batch = payout(city, at=NOON).batch
    address = f"/payouts/{batch.code}/batch.pdf"
    read(city.finance, address)

    payouts.fail(payout_id=batch.payouts.get().id, reason="销户", by=city.finance, at=NOON)
    read(city.finance, address)

    assert PrintedPaper.objects.filter(number=batch.code).count() == 2


@pytest.mark.parametrize("code", ["CK261121-22222222", "PB261121-22222222", "' OR 1=1"])
def test_a_code_that_was_never_printed_is_found_out(client, code):
    assert "没有打印过" in client.get(CHECK, {"code": code}).content.decode()


def test_codes_are_not_tried_one_after_another(client, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"paper": 2}
    limits.server().delete("limit:paper:127.0.0.1")

    answers = [client.get(CHECK, {"code": "CK261121-22222222"}) for _try in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "查询过于频繁" in answers[2].content.decode() and answers[2]["Retry-After"]
    limits.server().delete("limit:paper:127.0.0.1")


def test_nobody_elses_paper_is_found(city, used):
    (issued,) = monthly_bills()

    assert visitor(city.charlie).get(f"/bills/{issued.code}/bill.pdf").status_code == 404
