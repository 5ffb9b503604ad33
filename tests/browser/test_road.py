"""The main road as a person walks it: find, order, run on the real Ray, watch the log, be billed, be settled."""

import time

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.demo import city as demo
from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from federation.sync.tasks import sync_clusters
from marketplace.billing.tasks import bill_finished_orders
from marketplace.orders.models import Order
from marketplace.orders.tasks import follow_approvals, follow_workloads
from marketplace.settlement import queries as books
from portal.accounts.models import User
from scheduler.dispatch.tasks import (
    cancel_requested_workloads,
    observe_open_workloads,
    submit_queued_workloads,
)
from scheduler.workloads.models import Workload

pytestmark = [pytest.mark.browser, pytest.mark.ray, pytest.mark.django_db(transaction=True)]

SCRIPT = b"""import time
print("hello from the job", flush=True)
time.sleep(4)
print("done", flush=True)
"""


def beat():
    """What the workers do every two seconds."""
    for sweep in (
        follow_approvals,
        submit_queued_workloads,
        observe_open_workloads,
        cancel_requested_workloads,
        follow_workloads,
        bill_finished_orders,
    ):
        sweep()


def beat_until(happened, seconds=120):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, list(
            Workload.objects.values_list("status", "exit_reason", "started_at", "ended_at", "fence")
        )
        beat()
        time.sleep(1)


@pytest.fixture
def city(transactional_db, ray_cluster, settings):
    settings.RAY_ADDRESS = ray_cluster
    demo.load(at=timezone.now())
    deadline = time.monotonic() + 60
    while Pool.objects.get(code="siming-ray-rtx4090").cards_observed != 32:
        assert time.monotonic() < deadline, "the cluster did not answer"
        Cluster.objects.update(probed_at=None)
        sync_clusters()
    return {user.username: user for user in User.objects.all()}


def status_of(code):
    return Order.objects.values_list("status", flat=True).get(code=code)


def type_order(page, *, project, cards, hours, command="python train.py", script=SCRIPT):
    page.get_by_label("项目", exact=True).select_option(label=project)
    page.get_by_label("卡数", exact=True).fill(str(cards))
    page.get_by_label("时长上限").fill(str(hours))
    page.get_by_label("启动命令").fill(command)
    if script is not None:
        page.locator("input[type=file]").set_input_files(
            {"name": "train.py", "mimeType": "text/x-python", "buffer": script}
        )
    go_on(page)


def go_on(page):
    """To the next step, or back to this one with what is wrong; until the page is there whole."""
    with page.expect_navigation():
        page.get_by_role("button", name="下一步").click()


def place_order(page, button="确认下单"):
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()
    assert "/orders/OD" in page.url, page.locator(".error-summary").inner_text()
    return page.url.rstrip("/").rsplit("/", 1)[1]


def test_a_job_is_found_ordered_run_billed_and_settled(city, page, login, snap):
    login(city["bob"])
    page.goto("/marketplace/?accelerator=rtx4090&provider=siming&cards=16&hours=1")
    snap("1-market")
    expect(page.locator("body")).to_contain_text("券后")
    page.locator("a[href*='/marketplace/plans/siming-rtx4090/']").first.click()
    snap("2-offer")
    page.goto("/marketplace/plans/siming-rtx4090/order/?cards=16&hours=1")

    type_order(page, project="算法实验室", cards=16, hours=1)
    expect(page.get_by_role("heading", level=1)).to_have_text("核对订单")
    snap("3-check")
    page.get_by_role("link", name="返回修改").click()
    expect(page.get_by_label("启动命令")).to_have_value("python train.py")
    expect(page.locator("body")).to_contain_text("已保留 train.py")
    go_on(page)
    code = place_order(page)
    snap("4-placed")

    beat_until(lambda: Workload.objects.get(order_code=code).started_at)
    page.reload()
    expect(page.locator("#log")).to_contain_text("hello from the job")
    snap("5-running")
    beat_until(lambda: status_of(code) == Order.Status.BILLED)
    page.reload()
    expect(page.locator("#log")).to_contain_text("done")
    expect(page.locator("body")).to_contain_text("已结算")
    snap("6-billed", full=True)
    order = Order.objects.get(code=code)
    line = order.lines.get()
    assert 4 <= line.seconds <= 8
    page.goto("/bills/lines/")
    expect(page.locator("body")).to_contain_text(code)

    login(city["finance"])
    page.goto("/statements/")
    page.get_by_role("button", name="结算至此刻").click()
    page.get_by_role("button", name="确认结算").click()
    expect(page.locator("body")).to_contain_text("思明区智算中心")
    snap("7-statements")
    login(city["officer"])
    page.goto("/cockpit/")
    expect(page.locator("body")).to_contain_text("1,028.5")
    snap("8-cockpit")
    assert books.breaks() == []


def test_a_large_order_waits_for_a_second_person_and_is_withdrawn_free(city, page, login, snap):
    login(city["bob"])
    page.goto("/marketplace/plans/siming-ascend910b/order/")
    type_order(page, project="大模型训练", cards=32, hours=10, command="sleep 300", script=None)
    code = place_order(page, "提交审批")
    expect(page.locator("body")).to_contain_text("待审批")

    login(city["fiona"])
    page.goto("/approvals/")
    page.get_by_role("link", name=code).click()
    snap("9-approvals")
    page.get_by_role("button", name="同意", exact=True).click()
    # The browser's requests pass through this thread, so they arrive only while it waits for the page.
    expect(page.locator("body")).to_contain_text("已处理")
    beat_until(lambda: status_of(code) == Order.Status.RUNNING)

    login(city["bob"])
    page.goto(f"/orders/{code}/")
    page.get_by_text("撤销订单").first.click()
    page.locator("dialog[open]").get_by_role("button", name="撤销订单").click()
    expect(page.locator("body")).to_contain_text("已收到取消请求")
    beat_until(lambda: status_of(code) == Order.Status.CANCELLED)
    page.reload()

    expect(page.locator("body")).to_contain_text("已取消")
    order = Order.objects.get(code=code)
    assert (order.is_withdrawn, order.billed_amount) == (True, 0)
    assert books.breaks() == []


def test_a_failing_job_shows_its_real_reason(city, page, login):
    login(city["bob"])
    page.goto("/marketplace/plans/siming-rtx4090/order/")
    type_order(page, project="算法实验室", cards=1, hours=1, script=b"raise SystemExit('no such data set')")
    code = place_order(page)
    beat_until(lambda: status_of(code) in (Order.Status.BILLED, Order.Status.REFUNDED))
    page.reload()

    expect(page.locator("#log")).to_contain_text("no such data set")
    assert Workload.objects.get(order_code=code).exit_code == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("卡数", "999", "256"), ("时长上限", "-3", "0.01"), ("卡数", "40", "当前最多可订")],
)
def test_bad_input_is_explained_and_moves_nothing(city, page, login, field, value, words):
    login(city["bob"])
    page.goto("/marketplace/plans/siming-rtx4090/order/")
    page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    page.get_by_label("项目", exact=True).select_option(label="算法实验室")
    page.get_by_label("卡数", exact=True).fill("1")
    page.get_by_label("时长上限").fill("1")
    page.get_by_label("启动命令").fill("python train.py")
    page.get_by_label(field, exact=field == "卡数").fill(value)
    go_on(page)
    if "/drafts/" in page.url:
        page.get_by_role("button", name="确认下单").click()

    expect(page.locator(".error-summary")).to_contain_text(words)
    assert Order.objects.count() == 0
    assert books.breaks() == []
