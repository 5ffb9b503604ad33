"""Every main page, as each role sees it: accessible, light, silent in the console, without a sideways scroll or a stranger.

CI walks a covering design: four looks in which every pair of language, theme and width meets, over every page. `make
screens` walks all eight looks, and every list in large letters and high contrast besides; `make pictures` one look.
"""

import gzip
import os
from itertools import product

import brotli
import pytest
from django.utils import timezone

from marketplace.settlement import actions as settlement
from portal.approvals.models import Approval
from portal.members import actions as members
from portal.organizations.models import Organization
from tests import city as town
from tests.city import apply_for_verification, bill, place, run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    ("home", None, "/"),
    ("login", None, "/accounts/login/"),
    ("signup", None, "/accounts/signup/"),
    ("market", "bob", "/marketplace/"),
    ("offer", "bob", "/marketplace/plans/unicom-h800/"),
    ("order-form", "bob", "/marketplace/plans/unicom-h800/order/"),
    ("help", None, "/help/"),
    ("help-article", None, "/help/first-order/"),
    ("status", None, "/status/"),
    ("search", "bob", "/search/?q=910B"),
    ("desk", "bob", "/desk/"),
    ("desk-new-firm", "jian", "/desk/"),
    ("desk-provider", "unicom", "/desk/"),
    ("desk-officer", "officer", "/desk/"),
    ("desk-auditor", "auditor", "/desk/"),
    ("desk-operator", "operator", "/desk/"),
    ("desk-finance", "finance", "/desk/"),
    ("todo", "fiona", "/todo/"),
    ("submitted", "bob", "/todo/submitted/"),
    ("exports", "bob", "/exports/"),
    ("orders-filtered", "bob", "/orders/?status=billed&q=x&ordering=-amount"),
    ("orders-officer", "officer", "/orders/"),
    ("orders", "bob", "/orders/"),
    ("order", "bob", "/orders/{order}/"),
    ("wallet", "bob", "/wallet/"),
    ("vouchers", "bob", "/vouchers/"),
    ("bills", "bob", "/bills/"),
    ("notices", "bob", "/notices/"),
    ("approvals", "fiona", "/approvals/"),
    ("review", "fiona", "/approvals/{approval}/"),
    ("organization", "alice", "/organization/"),
    ("members", "alice", "/members/"),
    ("member", "alice", "/members/{member}/"),
    ("access-review", "alice", "/members/reviews/{access_review}/"),
    ("members-staff", "security", "/members/?organization=GV-CITY"),
    ("onboarding", "operator", "/members/onboard/"),
    ("verification", "charlie", "/organization/verification/"),
    ("verification-form", "wendy", "/organization/verification/"),
    ("verifications", "operator", "/verifications/"),
    ("verification-review", "operator", "/verifications/{verification}/"),
    ("city-systems", "sysadmin", "/city-systems/"),
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
    ("cluster", "unicom", "/clusters/unicom-jimei/"),
    ("forbidden", "unicom", "/receipts/"),
    ("not-found", None, "/nothing-here/"),
]
COVERING = [
    ("zh-hans", "light", 1280),
    ("zh-hans", "dark", 390),
    ("en", "dark", 1280),
    ("en", "light", 390),
]
IS_FULL = os.environ.get("SCREENS") == "all"
LOOKS = list(product(("zh-hans", "en"), ("light", "dark"), (390, 1280))) if IS_FULL else COVERING
# Pages on which something goes on moving after they have loaded.
LIVE = {"cockpit", "order", "market", "offer", "order-form"}
MOST_BYTES, MOST_REQUESTS, MOST_ELEMENTS = 60 * 1024, 6, 1200
MOST_BYTES_OF = {"cockpit": 260 * 1024}
# Signing in with a passkey brings the scripts of the library that does it.
MOST_REQUESTS_OF = {"cockpit": 8, "order": 8, "review": 8, "login": 10}
# Our own reference lists every operation of the interface on one page.
MOST_ELEMENTS_OF = {"reference": 6000, "review": 1500, "verification-review": 1500}


@pytest.fixture
def city(transactional_db):
    now = timezone.now()
    city = town.found(at=now)
    order = place(city, at=now)
    run(order, seconds=1800, at=now)
    bill(order, at=now)
    statement = settlement.close(until=timezone.now(), by=None, at=timezone.now())[0]
    place(city, key="open", cards=2, at=now)
    large = place(
        city, key="large", cards=8, hours="90", code="telecom-ascend910b", project=city.model, at=now
    )
    Organization.objects.filter(code="EN-WUYUAN").update(verified_at=None)
    city.codes = {
        "order": order.code,
        "statement": statement.code,
        "approval": Approval.objects.get(subject_code=large.code).code,
        "verification": apply_for_verification(city.yunding, city.charlie, at=now).code,
        "access_review": members.open_review(organization_id=city.ludao.id, at=now).code,
        "member": city.bob.memberships.get().code,
    }
    return city


def visit(page, login, live_server, city, name, username, path):
    """Open a page as this person; what it loaded."""
    loaded = []

    def keep(response):
        loaded.append(response)

    page.on("response", keep)
    if username is None:
        page.context.clear_cookies(name="sessionid")
    else:
        login(getattr(city, username))
    page.goto(path.format(**city.codes))
    if name in LIVE:
        page.wait_for_load_state("networkidle")
    page.remove_listener("response", keep)
    return loaded


def objections(page, axe, name, loaded):
    """What is wrong with the present page."""
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
        yield "scrolls sideways"
    if (weight := sum(compressed(response) for response in loaded)) > MOST_BYTES_OF.get(name, MOST_BYTES):
        yield f"{weight} bytes"
    files = [response for response in loaded if "favicon" not in response.url and "mark" not in response.url]
    if len(files) > MOST_REQUESTS_OF.get(name, MOST_REQUESTS):
        yield f"{len(files)} requests"
    elements = page.evaluate("document.querySelectorAll('*').length")
    if elements > MOST_ELEMENTS_OF.get(name, MOST_ELEMENTS):
        yield f"{elements} elements"
    yield from axe()


def look(page, live_server, **cookies):
    page.context.add_cookies([{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()])


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_every_page_is_fit_to_be_seen(city, page, login, axe, snap, live_server, language, theme, width):
    page.set_viewport_size({"width": width, "height": 900})
    look(page, live_server, django_language=language, theme=theme)
    wrong = []
    for name, username, path in PAGES:
        loaded = visit(page, login, live_server, city, name, username, path)
        snap(f"{name}-{language}-{theme}-{width}", full=name != "cockpit")
        wrong += [f"{name}: {problem}" for problem in objections(page, axe, name, loaded)]

    assert wrong == []


EASIER = {name for name, _who, _path in PAGES} if IS_FULL else {"home", "desk", "orders", "order", "review"}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_large_letters_and_high_contrast_hold_too(city, page, login, axe, snap, live_server, theme):
    page.set_viewport_size({"width": 1280, "height": 900})
    look(page, live_server, django_language="zh-hans", theme=theme, text="larger", contrast="more")
    wrong = []
    for name, username, path in PAGES:
        if name in EASIER:
            loaded = visit(page, login, live_server, city, name, username, path)
            snap(f"{name}-easier-{theme}", full=name != "cockpit")
            wrong += [f"{name}: {problem}" for problem in objections(page, axe, name, loaded)]

    assert wrong == []


def compressed(response) -> int:
    """What the answer weighs on the wire: files are served with brotli, pages with gzip."""
    if response.status in (204, 304) or 300 <= response.status < 400:
        return 0
    body = response.body()
    return len(brotli.compress(body) if "/static/" in response.url else gzip.compress(body))
