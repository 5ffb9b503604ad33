"""Every main page in both languages and themes, on a phone and a laptop: accessible, light, and without a sideways scroll."""

import gzip

import brotli
import pytest
from django.utils import timezone

from marketplace.settlement import actions as settlement
from portal.approvals.models import Approval
from tests import city as town
from tests.city import bill, place, run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    ("home", None, "/"),
    ("login", None, "/accounts/login/"),
    ("signup", None, "/accounts/signup/"),
    ("market", "bob", "/marketplace/"),
    ("offer", "bob", "/marketplace/plans/unicom-h800/"),
    ("order-form", "bob", "/marketplace/plans/unicom-h800/order/"),
    ("desk", "bob", "/desk/"),
    ("orders", "bob", "/orders/"),
    ("order", "bob", "/orders/{order}/"),
    ("wallet", "bob", "/wallet/"),
    ("vouchers", "bob", "/vouchers/"),
    ("bills", "bob", "/bills/"),
    ("notices", "bob", "/notices/"),
    ("approvals", "fiona", "/approvals/"),
    ("review", "fiona", "/approvals/{approval}/"),
    ("organization", "alice", "/organization/"),
    ("tokens", "alice", "/tokens/"),
    ("audit", "alice", "/audit/"),
    ("programmes", "officer", "/subsidies/programmes/"),
    ("programme", "officer", "/subsidies/programmes/PG-CITY-2026/"),
    ("cockpit", "officer", "/cockpit/"),
    ("statements", "finance", "/statements/"),
    ("statement", "finance", "/statements/{statement}/"),
    ("receipts", "finance", "/receipts/"),
    ("clusters", "unicom", "/clusters/"),
    ("accelerators", None, "/accelerators/"),
    ("reference", None, "/api/v1/reference/"),
    ("not-found", None, "/nothing-here/"),
]
LOOKS = [("zh-hans", "light", 1280), ("zh-hans", "dark", 390), ("en", "dark", 1280), ("en", "light", 390)]
MOST_BYTES = 60 * 1024
MOST_BYTES_OF = {"cockpit": 260 * 1024}


@pytest.fixture
def city(transactional_db):
    now = timezone.now()
    city = town.found(at=now)
    order = place(city, at=now)
    run(order, seconds=1800, at=now)
    bill(order, at=now)
    city.order = order.code
    city.statement = settlement.close(until=timezone.now(), by=None, at=timezone.now())[0].code
    place(city, key="open", cards=2, at=now)
    large = place(
        city, key="large", cards=8, hours="90", code="telecom-ascend910b", project=city.model, at=now
    )
    city.approval = Approval.objects.get(subject_code=large.code).code
    return city


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_every_page_is_fit_to_be_seen(city, page, login, axe, snap, live_server, language, theme, width):
    page.set_viewport_size({"width": width, "height": 900})
    cookies = {"django_language": language, "theme": theme}
    page.context.add_cookies([{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()])
    loaded = []
    page.on("response", lambda response: loaded.append(response))
    wrong = []
    for name, username, path in PAGES:
        if username is None:
            page.context.clear_cookies(name="sessionid")
        else:
            login(getattr(city, username))
        loaded.clear()
        page.goto(path.format(order=city.order, statement=city.statement, approval=city.approval))
        page.wait_for_load_state("networkidle")
        snap(f"{name}-{language}-{theme}-{width}", full=name != "cockpit")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
            wrong.append(f"{name}: scrolls sideways")
        weight = sum(compressed(response) for response in loaded)
        if weight > MOST_BYTES_OF.get(name, MOST_BYTES):
            wrong.append(f"{name}: {weight} bytes")
        wrong += [f"{name}: {problem}" for problem in axe()]

    assert wrong == []


def compressed(response) -> int:
    """What the answer weighs on the wire: files are served with brotli, pages with gzip."""
    if response.status in (204, 304) or 300 <= response.status < 400:
        return 0
    body = response.body()
    return len(brotli.compress(body) if "/static/" in response.url else gzip.compress(body))
