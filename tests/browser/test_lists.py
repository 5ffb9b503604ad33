"""A list under the hands of somebody in a hurry: keys, live search, one box for everything, many rows at once."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.approvals.models import Approval
from tests import city as town
from tests.city import bill, place, run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def city(transactional_db):
    """Three orders: one billed, one running, one that waits for a second person."""
    now = timezone.now()
    city = town.found(at=now)
    order = place(city, at=now)
    run(order, seconds=1800, at=now)
    bill(order, at=now)
    place(city, key="open", cards=2, at=now)
    dear = {"cards": 8, "hours": "90", "code": "telecom-ascend910b", "project": city.model}
    large = place(city, key="large", **dear, at=now)
    city.codes = {"order": order.code, "approval": Approval.objects.get(subject_code=large.code).code}
    return city


def test_a_list_answers_while_one_types_and_back_means_back(city, page, login):
    login(city.bob)
    page.goto("/orders/")

    page.keyboard.press("/")
    page.keyboard.type(city.codes["order"])
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".chip")).to_contain_text(city.codes["order"])
    expect(page).to_have_url(re.compile(f"q={city.codes['order']}"))
    page.go_back()

    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.get_by_role("heading", level=1)).to_have_text("订单")


def test_what_was_chosen_is_still_so_after_coming_back(city, page, login, axe):
    login(city.bob)
    page.goto("/orders/")

    page.locator("summary", has_text="显示").click()
    assert axe() == []
    page.get_by_label("下单人").check()
    page.get_by_label("紧凑").check()
    page.get_by_role("button", name="保存显示设置").click()
    page.locator("summary", has_text="视图").click()
    assert axe() == []
    page.get_by_label("把当前条件保存为").fill("常用")
    page.get_by_label("打开此列表时默认使用").check()
    page.get_by_role("button", name="保存视图").click()
    page.goto("/orders/")

    expect(page.get_by_role("columnheader", name="下单人")).to_be_visible()
    expect(page.locator("table.is-compact")).to_be_visible()
    expect(page).to_have_url(re.compile("view=VW"))


def test_one_box_finds_everything_from_any_page(city, page, login, axe):
    login(city.bob)
    page.goto("/wallet/")

    page.keyboard.press("/")
    page.keyboard.type("抵扣")
    page.locator("#palette-results").get_by_role("link", name="算力券怎么抵扣").wait_for()
    assert axe() == []
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("搜索")
    expect(page.locator(".search-page a")).to_have_text(["怎么下单", "算力券怎么抵扣"])


def test_many_rows_are_taken_at_once_and_the_bar_says_how_many(city, page, login, axe):
    login(city.bob)
    page.goto("/notices/")

    page.locator("input[name=codes]").first.check()
    expect(page.locator("[data-picked]")).to_have_text("1")
    page.get_by_label("选择全部").check()
    expect(page.locator("[data-picked]")).to_have_text("4")
    assert axe() == []
    page.get_by_role("button", name="标为已读", exact=True).click()

    expect(page.get_by_role("link", name="未读 0", exact=True)).to_be_visible()


def test_on_a_phone_the_conditions_fold_into_a_sheet_that_says_what_it_leaves(city, page, login, axe):
    login(city.bob)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/orders/")

    page.get_by_role("button", name="筛选").click()
    assert axe() == []
    page.get_by_role("search").get_by_label("项目").select_option(label="大模型训练")

    expect(page.get_by_role("button", name="查看 1 个结果")).to_be_visible()


def test_the_reviewer_goes_on_with_a_key_and_fills_in_a_phrase(city, page, login):
    login(city.fiona)
    page.goto(f"/approvals/{city.codes['approval']}/")

    page.get_by_role("button", name="预算不足，请调整卡数或时长。").click()
    expect(page.get_by_label("审核意见")).to_have_value("预算不足，请调整卡数或时长。")
    page.get_by_role("button", name="驳回", exact=True).click()

    expect(page.locator("#messages")).to_contain_text("已处理")
