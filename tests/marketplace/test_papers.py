"""Bills and statements as papers: their figures are the rows' own, to the fen."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from marketplace.settlement import actions as settlement
from marketplace.settlement.models import Statement
from portal.shell.money import yuan
from tests.city import DAY, NOON, bill, monthly_bills, place, run
from tests.portal.test_approvals import visitor

pytestmark = pytest.mark.django_db


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


def test_nobody_elses_paper_is_found(city, used):
    (issued,) = monthly_bills()

    assert visitor(city.charlie).get(f"/bills/{issued.code}/bill.pdf").status_code == 404
