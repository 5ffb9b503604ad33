"""What a visitor waits for: a thousand offers, ten thousand orders, the whole product running, and each main page asked for.

The server's answer stands beside one that does nothing (/healthz); what the browser draws stands beside the same answer drawn,
once on this machine and once as on a slow phone (processor four times as slow, 1.6 Mbit/s, 150 ms).
"""

import argparse
import gzip
import os
import statistics
import sys
import time
from contextlib import contextmanager
from decimal import Decimal
from itertools import product as pairs
from typing import NamedTuple

import httpx

from config.embedded import processes
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.resilience.product import Product

OFFERS, ORDERS = 1000, 10_000
NOTHING = "/healthz"
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
# Milliseconds on an idle machine: half and nineteen twentieths of the answers, the largest thing drawn
# here and on a slow phone.
BUDGETS = {"page": (60, 150, 800, 2500), "cockpit": (50, 120, 1500, 4000), "review": (80, 200, 1000, 2500)}
MOST_SHIFT, MOST_SWAP, MOST_FRAGMENT = 0.02, 250, 10 * 1024
WATCH = """
    window.seen = {largest: 0, shift: 0, moved: []};
    new PerformanceObserver(all => { for (const one of all.getEntries()) seen.largest = one.startTime; })
        .observe({type: "largest-contentful-paint", buffered: true});
    new PerformanceObserver(all => { for (const one of all.getEntries()) if (!one.hadRecentInput) {
        seen.shift += one.value;
        seen.moved.push(...one.sources.map(source => source.node?.className || source.node?.nodeName));
    } }).observe({type: "layout-shift", buffered: true});
"""
CLICK = """box => new Promise(done => {
    const began = performance.now();
    document.addEventListener("htmx:afterSettle", event => done([performance.now() - began, event.detail.xhr.responseText]),
                              {once: true});
    box.click();
})"""


class Page(NamedTuple):
    who: str
    path: str
    kind: str = "page"


PAGES = [
    Page("", "/"),
    Page("", "/marketplace/"),
    Page("", "/help/"),
    Page("alice", "/desk/"),
    Page("alice", "/marketplace/"),
    Page("alice", "/marketplace/?accelerator=h800&cards=8&hours=3"),
    Page("alice", "/marketplace/plans/unicom-h800/"),
    Page("alice", "/marketplace/plans/unicom-h800/order/"),
    Page("alice", "/orders/"),
    Page("alice", "/orders/?status=confirmed&q=00001"),
    Page("alice", "/orders/{order}/"),
    Page("alice", "/approvals/{approval}/", "review"),
    Page("alice", "/wallet/"),
    Page("alice", "/costs/"),
    Page("alice", "/members/"),
    Page("officer", "/cockpit/", "cockpit"),
    Page("officer", "/subsidies/programmes/"),
    Page("finance", "/statements/"),
    Page("auditor", "/audit/"),
    Page("unicom", "/prices/"),
]


# --- a city of its size ------------------------------------------------------------------------------
def twin(row, **other):
    """Another row like this one."""
    same = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    return type(row)(**same | other)


def grow():
    """Bring the demo city to OFFERS offers and ORDERS orders; the codes of what is looked at."""
    from datetime import timedelta

    from django.utils import timezone

    from federation.capacity.models import Accelerator, Pool
    from federation.clusters.models import Cluster
    from federation.providers.models import Provider
    from marketplace.catalogue.models import Plan, PlanPrice
    from marketplace.orders.models import Order
    from portal.approvals.models import Approval
    from portal.organizations.models import Organization
    from portal.shell.tenancy import work_for_the_city
    from tests import city as town

    work_for_the_city()
    now = timezone.now()
    city = town.standing()
    # Nobody looks at the clusters here; what was seen last is believed until the end.
    Cluster.objects.update(state=Cluster.State.ONLINE, last_seen_at=now + timedelta(days=1))
    Pool.objects.update(observed_at=now)
    order = town.place(city, at=now)
    town.place(city, key="waiting", at=now, project=city.model, cards=1, hours="100")
    model = town.plan()
    cards, price = list(Accelerator.objects.all()), PlanPrice.objects.filter(plan=model).first()
    cluster = Cluster.objects.filter(provider=model.provider).first()
    pool = Pool.objects.filter(cluster=cluster).first()
    organizations = Organization.objects.bulk_create(
        twin(model.provider.organization, code=f"PR-{n}", name=f"算力商{n}", credit_code="")
        for n in range(-(-(OFFERS - Plan.objects.count()) // len(cards)))
    )
    providers = Provider.objects.bulk_create(
        twin(model.provider, code=o.code.lower(), name=o.name, name_en="", organization_id=o.id)
        for o in organizations
    )
    clusters = Cluster.objects.bulk_create(
        twin(cluster, code=p.code, name=p.name, name_en="", provider_id=p.id, adapter="simulated")
        for p in providers
    )
    Pool.objects.bulk_create(
        twin(pool, code=f"{c.code}-{card.code}", cluster_id=c.id, accelerator_id=card.id)
        for c, card in pairs(clusters, cards)
    )
    plans = Plan.objects.bulk_create(
        twin(model, code=f"{p.code}-{card.code}"[:32], provider_id=p.id, accelerator_id=card.id)
        for p, card in pairs(providers, cards)
    )
    # No two ask the same.
    PlanPrice.objects.bulk_create(
        twin(price, plan_id=plan.id, unit_price=price.unit_price + Decimal(n) / 100)
        for n, plan in enumerate(plans)
    )
    Order.objects.bulk_create(
        (
            twin(
                order,
                code=f"OD000000-{n:08d}",
                idempotency_key=f"many-{n}",
                placed_at=now - timedelta(minutes=n),
            )
            for n in range(ORDERS)
        ),
        batch_size=2000,
    )
    print(
        f"{Plan.objects.count():,} offers of {Provider.objects.count()} providers, {Order.objects.count():,} orders"
    )
    return city, {"order": order.code, "approval": Approval.objects.get().code}


def session_of(city, who) -> str:
    """The cookie of somebody who has signed in."""
    from django.test import Client

    from tests.entrance import BACKEND, use_second_factor

    client = Client()
    client.force_login(getattr(city, who), backend=BACKEND)
    use_second_factor(client, getattr(city, who))
    return client.cookies["sessionid"].value


@contextmanager
def held_still(product):
    """The machine is the visitor's: no task runs meanwhile."""
    busy = [*processes.family({product.child(name).pid for name in ("worker", "beat")})]
    for process in busy:
        process.suspend()
    try:
        yield
    finally:
        for process in busy:
            process.resume()


# --- the server --------------------------------------------------------------------------------------
def answers(url, pages, cookies, rounds) -> dict:
    """Milliseconds of each answer, all pages taking turns, the first two rounds forgotten."""
    took = {page: [] for page in [*pages, NOTHING]}
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as visitor:
        for number in range(rounds + 2):
            for page in took:
                path, cookie = (page, None) if page == NOTHING else (page.path, cookies[page.who])
                began = time.perf_counter()
                answer = visitor.get(path, headers={"cookie": f"sessionid={cookie}"} if cookie else {})
                took[page] += [(time.perf_counter() - began) * 1000] * (number > 1)
                assert answer.status_code == 200, (path, answer.status_code)
    return took


# --- the browser -------------------------------------------------------------------------------------
def drawn(browser, url, path, cookie, *, is_slow=False) -> tuple[float, float, list[str]]:
    """(largest thing drawn after so many milliseconds, sum of layout shifts, what moved) of a first visit."""
    context = browser.new_context(base_url=url, locale="zh-CN", viewport={"width": 1280, "height": 900})
    if cookie:
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
    page = context.new_page()
    page.add_init_script(WATCH)
    if is_slow:
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", SLOW)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(path, timeout=120_000)
    page.wait_for_timeout(1000)
    seen = page.evaluate("seen")
    context.close()
    return seen["largest"], seen["shift"], seen["moved"]


def swaps(browser, url, cookie, rounds) -> tuple[float, int]:
    """(median of milliseconds from a click on a filter of the market to what it brings, the heaviest fragment's bytes)."""
    context = browser.new_context(base_url=url, locale="zh-CN", viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
    page = context.new_page()
    page.goto("/marketplace/")
    took, weights = [], []
    for _round in range(rounds):
        milliseconds, text = page.locator("#choices input[name=domestic]").evaluate(CLICK)
        took.append(milliseconds)
        weights.append(len(gzip.compress(text.encode())))
    context.close()
    return statistics.median(took), max(weights)


# --- the report --------------------------------------------------------------------------------------
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    wishes = parser.parse_args()
    product = Product()
    product.env |= {"RATE_LIMIT_PERSON": "1000000", "RATE_LIMIT_ADDRESS": "1000000"}
    try:
        product.start()
        os.environ |= product.env | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        }
        import django

        django.setup()
        city, codes = grow()
        # What autovacuum does a minute later.
        product.connect().cursor().execute("VACUUM ANALYZE")
        with held_still(product):
            measure(product.url, city, codes, wishes.rounds)
    finally:
        product.stop()
        product.remove()
    return 0


def measure(url, city, codes, rounds):
    from playwright.sync_api import sync_playwright

    cookies = {who: who and session_of(city, who) for who in {page.who for page in PAGES}}
    pages = [page._replace(path=page.path.format(**codes)) for page in PAGES]
    took = answers(url, pages, cookies, rounds)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        nothing, *_shift = drawn(browser, url, NOTHING, "")
        rows = [
            (page, *centiles(took[page]), drawn(browser, url, page.path, cookies[page.who]),
             drawn(browser, url, page.path, cookies[page.who], is_slow=True)[0])
            for page in pages
        ]  # fmt: skip
        swap, fragment = swaps(browser, url, cookies["alice"], 10)
        browser.close()
    idle, _most = centiles(took[NOTHING])
    print(f"an answer that does nothing: {idle:.1f} ms; drawn after {nothing:.0f} ms. Milliseconds:")
    print(
        "  who      page                                                 p50    p95   ×nothing   drawn  slow phone  shift"
    )
    over = []
    for page, half, most, (largest, shift, moved), slow in rows:
        print(
            f"  {page.who or 'nobody':<8} {page.path[:48]:<48} {half:7.0f}{most:7.0f}{half / idle:9.1f}"
            f"{largest:10.0f}{slow:10.0f}{shift:9.3f}"
        )
        found = zip(
            ("p50", "p95", "drawn", "slow phone"),
            (half, most, largest, slow),
            BUDGETS[page.kind],
            strict=True,
        )
        over += [
            f"{page.path}: {name} {is_now:.0f} ms of {most_}"
            for name, is_now, most_ in found
            if is_now > most_
        ]
        over += [f"{page.path}: shifts by {shift:.3f}: {', '.join(map(str, moved))}"] * (shift > MOST_SHIFT)
    print(f"  a click on a filter of the market: {swap:.0f} ms to what it brings, {fragment:,} bytes at most")
    over += [f"filter: {swap:.0f} ms of {MOST_SWAP}"] * (swap > MOST_SWAP)
    over += [f"filter: {fragment} bytes of {MOST_FRAGMENT}"] * (fragment > MOST_FRAGMENT)
    print(f"  {len(over)} over their budget" + "".join(f"\n    {line}" for line in over))


def centiles(milliseconds) -> tuple[float, float]:
    """(median, nineteen twentieths)."""
    return statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
