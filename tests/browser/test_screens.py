"""Every page × everybody who may open it: accessible, light, silent in the console, without a sideways scroll or a stranger.

Which pages there are and whom they are for is read from tests/house/test_pages.py. CI walks each page in two looks that have
nothing in common: both languages, themes and widths, and each of its readers in one of them. `make screens` walks all of it,
and every page in large letters and high contrast besides; `make pictures` one look.
"""

import gzip
import os
from collections import defaultdict
from itertools import product
from typing import NamedTuple

import brotli
import pytest
from django.utils import timezone

from federation.capacity.models import Pool
from tests.furnished import furnish
from tests.house.test_pages import PAGES, PEOPLE, filled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# One visitor for each role, and a stranger.
READERS = (
    "anonymous", "alice", "bob", "fiona", "officer", "auditor", "operator", "finance",
    "sysadmin", "security", "auditadmin", "unicom",
)  # fmt: skip
# What answers with a file, a fragment or words for machines.
NO_SCREENS = {
    "api/v1/schema/",
    "healthz",
    "metrics",
    "notices/bell/",
    "orders/<code>/log/",
    "readyz",
    "verifications/<code>/licence/",
}
FILES = (".pdf", ".xlsx", ".<slug:form>")
# The same addresses for readers whom they meet in another state, other people's pages, and refusals.
MORE = [
    ("login", "/accounts/login/", ["anonymous"]),
    ("signup", "/accounts/signup/", ["anonymous"]),
    ("search-found", "/search/?q=910B", ["bob"]),
    ("desk-new-firm", "/desk/", ["jian"]),
    ("orders-filtered", "/orders/?status=billed&q=x&ordering=-amount", ["bob"]),
    ("members-staff", "/members/?organization=GV-CITY", ["security"]),
    ("reservation", "/orders/{reservation}/", ["bob"]),
    ("reserve", "/marketplace/plans/siming-rtx4090-month/order/", ["bob"]),
    ("verification-waiting", "/organization/verification/", ["wendy"]),
    ("verification-form", "/organization/verification/", ["jian"]),
    ("help-first-order", "/help/first-order/", ["anonymous"]),
    ("forbidden", "/receipts/", ["unicom"]),
    ("not-found", "/nothing-here/", ["anonymous"]),
]
# Two pairs of opposites; the pages take turns between them.
COVERING = [
    ("zh-hans", "light", 1280),
    ("en", "dark", 390),
    ("zh-hans", "dark", 390),
    ("en", "light", 1280),
]
IS_FULL = os.environ.get("SCREENS") == "all"
# The dark is looked at after the light on the same page, as the button in its head turns it: only colours differ.
LOOKS = list(product(("zh-hans", "en"), ("light",), (390, 1280))) if IS_FULL else COVERING
# What the files weigh, by their address, which changes with what is in them.
COMPRESSED: dict[str, int] = {}
# Pages on which something goes on moving after they have loaded.
LIVE = {
    "cockpit",
    "costs",
    "orders-code",
    "reservation",
    "reserve",
    "marketplace",
    "marketplace-plans-code",
    "marketplace-plans-code-order",
}
MOST_BYTES, MOST_REQUESTS, MOST_ELEMENTS = 60 * 1024, 6, 1200
# Where there is a chart, what draws it comes after the page.
MOST_BYTES_OF = {"cockpit": 260 * 1024, "costs": 260 * 1024}
# Signing in with a passkey brings the scripts of the library that does it.
MOST_REQUESTS_OF = {
    "cockpit": 8,
    "costs": 8,
    "orders-code": 8,
    "reservation": 8,
    "approvals-code": 8,
    "verifications-code": 8,
    "login": 10,
}
# Our own reference lists every operation of the interface on one page.
MOST_ELEMENTS_OF = {"api-v1-reference": 6000, "approvals-code": 1500, "verifications-code": 1500}


class Visit(NamedTuple):
    who: str
    name: str
    path: str
    is_glance: bool = False


def name_of(route: str) -> str:
    return route.strip("/").translate(str.maketrans({"/": "-", "<": "", ">": "", ":": "-"})) or "home"


def readers(route: str) -> list[str]:
    """Who of READERS is let in here."""
    told = dict(zip(PEOPLE.split(), PAGES[route].replace(" ", ""), strict=True))
    return [name for name in READERS if told[name] == "1"]


def screens(codes) -> list[tuple[str, str, list[str]]]:
    """Every page: its name, its address, and who reads it."""
    routes = [
        route for route in PAGES if route not in NO_SCREENS and not route.endswith(FILES) and readers(route)
    ]
    return [(name_of(route), filled(route, codes), readers(route)) for route in routes] + [
        (name, path.format_map(codes), people) for name, path, people in MORE
    ]


def walk(codes, look) -> list[Visit]:
    """The visits of one look, by person. A page is looked at once in a look; further readers glance at it."""
    place, visits = LOOKS.index(look), []
    for number, (name, path, people) in enumerate(screens(codes)):
        if IS_FULL:
            visits += [Visit(who, name, path) for who in people]
        elif number % 2 == place // 2:
            turns = [people[n % len(people)] for n in range(max(len(people), 2))][place % 2 :: 2]
            visits += [Visit(who, name, path, n > 0) for n, who in enumerate(turns)]
    return sorted(visits)


@pytest.fixture
def furnished(transactional_db):
    return furnish(at=timezone.now())


def visit(page, login, city, who, name, path):
    """Open a page as this person; what it loaded."""
    loaded = []

    def keep(response):
        loaded.append(response)

    if who == "anonymous":
        page.context.clear_cookies(name="sessionid")
    elif getattr(page, "reader", None) != who:
        login(getattr(city, who))
    page.reader = who
    # What the last page still asks for by itself is not this page's.
    page.goto("about:blank")
    page.on("response", keep)
    page.goto(path)
    if name in LIVE:
        page.wait_for_load_state("networkidle")
    page.remove_listener("response", keep)
    return loaded


def objections(page, name, loaded):
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


def look(page, live_server, **cookies):
    page.context.add_cookies([{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()])


def stroll(page, login, axe, snap, furnished, look, visits):
    """Make these visits, keep a picture of each page; what is wrong."""
    city, _codes = furnished
    for who, name, path, is_glance in visits:
        if name == "cockpit":
            # A long walk would else show what clusters said when it began.
            Pool.objects.update(observed_at=timezone.now())
        loaded = visit(page, login, city, who, name, path)
        wrong = [*objections(page, name, loaded)]
        if not is_glance:
            snap(f"{name}-{who}-{look}", full=name != "cockpit")
            wrong += axe()
        if IS_FULL and "-light" in look and name != "cockpit":
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
            snap(f"{name}-{who}-{look.replace('light', 'dark')}", full=True)
            wrong += axe(["color-contrast"])
        yield from (f"{name} for {who}: {problem}" for problem in wrong)


@pytest.mark.timeout(3600 if IS_FULL else 900)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_every_page_is_fit_to_be_seen(furnished, page, login, axe, snap, live_server, language, theme, width):
    page.set_viewport_size({"width": width, "height": 900})
    look(page, live_server, django_language=language, theme=theme)
    visits = walk(furnished[1], (language, theme, width))

    assert list(stroll(page, login, axe, snap, furnished, f"{language}-{theme}-{width}", visits)) == []


EASIER = {"home", "desk", "orders", "orders-code", "approvals-code"}


@pytest.mark.timeout(3600 if IS_FULL else 900)
@pytest.mark.parametrize("theme", ["light"] if IS_FULL else ["light", "dark"])
def test_large_letters_and_high_contrast_hold_too(furnished, page, login, axe, snap, live_server, theme):
    page.set_viewport_size({"width": 1280, "height": 900})
    look(page, live_server, django_language="zh-hans", theme=theme, text="larger", contrast="more")
    visits = [
        Visit(people[0], name, path)
        for name, path, people in screens(furnished[1])
        if IS_FULL or name in EASIER
    ]

    assert list(stroll(page, login, axe, snap, furnished, f"easier-{theme}", visits)) == []


def test_the_looks_leave_out_no_page_and_no_reader():
    codes = defaultdict(lambda: "X")
    pages = {(name, who) for name, _path, people in screens(codes) for who in people}

    walked = {look: {(visit.name, visit.who) for visit in walk(codes, look)} for look in LOOKS}

    assert set().union(*walked.values()) == pages
    for page in {name for name, _who in pages}:
        looks = [look for look, one in walked.items() if page in {name for name, _who in one}]
        languages, themes, widths = (set(said) for said in zip(*looks, strict=True))
        assert (len(languages), len(widths)) == (2, 2), page
        assert themes == ({"light"} if IS_FULL else {"light", "dark"}), page


def compressed(response) -> int:
    """What the answer weighs on the wire: files are served with brotli, pages with gzip."""
    if response.status in (204, 304) or 300 <= response.status < 400:
        return 0
    if "/static/" not in response.url:
        return len(gzip.compress(response.body()))
    if response.url not in COMPRESSED:
        COMPRESSED[response.url] = len(brotli.compress(response.body()))
    return COMPRESSED[response.url]
