"""What an office gets to sign: the same figures that an order would be charged by."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.shell.money import yuan
from tests.city import place
from tests.portal.test_approvals import visitor

pytestmark = pytest.mark.django_db
PAGE = "/marketplace/plans/unicom-h800/quotation.pdf?cards=8&hours=1"


def read(client, page=PAGE):
    answer = client.get(page)
    assert answer["Content-Type"] == "application/pdf"
    return "".join(PdfReader(BytesIO(answer.content)).pages[0].extract_text().split())


def test_a_buyers_quotation_is_what_the_order_then_costs(city):
    text = read(visitor(city.bob))

    order = place(city)

    assert f"合计{yuan(order.cash_amount)}" in text
    assert yuan(order.amount) in text and "鹭岛智能科技有限公司" in text and "有效期至" in text


def test_a_stranger_sees_the_list_price(city, client):
    text = read(client)

    order = place(city, vouchers=frozenset())

    assert f"合计{yuan(order.amount)}" in text and "未登录访客" in text


def test_nothing_is_quoted_that_is_not_on_the_shelf(city, client):
    assert client.get("/marketplace/plans/nothing/quotation.pdf").status_code == 404
