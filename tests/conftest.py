"""Real servers and a real browser for every test that asks for them."""

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck, settings

from config.embedded.steps import ROOT, steps

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb", "--font-render-hinting=none",
    "--hide-scrollbars",
]  # fmt: skip
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
REFUSALS = re.compile(r"the server responded with a status of (403|404|409|422) ")
# Playwright keeps an event loop in this thread; Django would otherwise refuse to talk to the database here.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# How long a busy machine takes to draw an example says nothing of what is tested.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_configure(config):
    # Only now, because pytest-django has read DJANGO_SETTINGS_MODULE before and a module may be imported only once.
    from portal.shell.tenancy import work_for_the_city
    from tests.settings import servers

    config.stash[SERVERS] = servers
    # Outside a request, a test arranges and looks at the whole city.
    work_for_the_city()


def pytest_collection_modifyitems(items):
    """The longest files first, so that no worker is left alone with one at the end.

    What starts the whole product stands beside plain tests: with a browser as its neighbour, two cores are too few.
    """
    early = ("resilience", "house", "browser")
    items.sort(
        key=lambda item: next((n for n, word in enumerate(early) if word in item.keywords), len(early))
    )


SERVERS = pytest.StashKey()


# --- people ------------------------------------------------------------------------------------------
@pytest.fixture(scope="session", autouse=True)
def officers_come_with_their_second_factor():
    """The short way into a test is the long one's outcome: an officer has a second factor and has used it."""
    from tests import entrance

    short_way = Client.force_login

    def force_login(client, user, backend=entrance.BACKEND):
        short_way(client, user, backend)
        entrance.use_second_factor(client, user)

    Client.force_login = force_login
    yield
    Client.force_login = short_way


def is_ours(config, name: str) -> bool:
    """Whether the address is of a throwaway server, not one that the caller brought along."""
    return os.environ[name] == config.stash[SERVERS].env[name]


# --- database ----------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def django_db_modify_db_settings(pytestconfig):
    """Start PostgreSQL and Redis for the first test that needs rows."""
    if is_ours(pytestconfig, "DATABASE_URL"):
        pytestconfig.stash[SERVERS].start_postgres()
    if is_ours(pytestconfig, "REDIS_URL"):
        pytestconfig.stash[SERVERS].start_redis()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Migrate as the owner, then let every connection act as the application, so that a missing grant is seen."""
    role = os.environ["DATABASE_APP_ROLE"]
    if not role:
        yield
        return
    with django_db_blocker.unblock():
        call_command("grant_app_role", verbosity=0)
        connection.close()

    def act_as_application(sender, connection, **more):
        if connection.alias == "default":
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {role}")

    connection_created.connect(act_as_application)
    flush = type(connection.ops).execute_sql_flush

    def flush_as_owner(operations, statements):
        with operations.connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        try:
            return flush(operations, statements)
        finally:
            with operations.connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {role}")

    # Between tests the tables are emptied, which the application may not do.
    type(connection.ops).execute_sql_flush = flush_as_owner
    with django_db_blocker.unblock(), transaction.atomic():
        # Founded before any test has moved a clock or a setting, and remembered.
        from tests import city

        city.found()
        transaction.set_rollback(True)
    yield
    type(connection.ops).execute_sql_flush = flush
    connection_created.disconnect(act_as_application)
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture(scope="session", autouse=True)
def translations():
    """English pages are English only when the catalogues are compiled."""
    build("translations")


@pytest.fixture(autouse=True)
def source_language():
    """Every test begins in Chinese, whatever language a page of the test before it was asked for in."""
    translation.activate("zh-hans")


def build(name: str) -> None:
    """Run one of the steps of `make up`, unless its outcome is already here."""
    var = ROOT / "var"
    stamps = var / "stamps"
    stamps.mkdir(mode=0o700, parents=True, exist_ok=True)
    step = next(step for step in steps(var) if step.name == name)
    with (stamps / "lock").open("w") as lock:
        # Several workers may want it at the same time; the first does it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not step.is_done(stamps, ""):
            subprocess.run(step.argv, cwd=ROOT, check=True)
            step.stamp(stamps, "")


# --- compute -----------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def ray_cluster(pytestconfig):
    """The address of a real Ray cluster with logical accelerators; started once."""
    if is_ours(pytestconfig, "RAY_ADDRESS"):
        pytestconfig.stash[SERVERS].start_ray()
    return os.environ["RAY_ADDRESS"]


# --- browser -----------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        missing = "no Chromium on this machine; install the packages chromium and fonts-noto-cjk"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    from playwright.sync_api import sync_playwright

    build("assets")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, live_server):
    """A page in Xiamen; every test with it also proves: nothing from outside, no error in the console."""
    context = browser.new_context(
        base_url=live_server.url,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    outside, problems = [], []

    def only_from_here(route):
        if route.request.url.startswith((live_server.url, "data:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    context.route(re.compile(".*"), only_from_here)
    page = context.new_page()
    page.on("console", lambda message: problems.append(message.text) if is_problem(message) else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert not outside and not problems, (outside, problems)


def is_problem(message) -> bool:
    """An error in the console, unless it only repeats the answer that a refusal is meant to give."""
    return message.type == "error" and not REFUSALS.search(message.text)


@pytest.fixture
def login(page, live_server, client):
    """Sign somebody in without typing."""
    from tests.entrance import BACKEND

    def sign_in(user):
        # A page left open asks on with the session that ends here, and goes to the door of itself.
        page.goto("about:blank")
        client.force_login(user, backend=BACKEND)
        session = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])

    return sign_in


@pytest.fixture
def axe(page):
    """What a checker for accessibility objects to on the present page."""
    import axe_playwright_python

    script = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()

    def run(only=AXE_TAGS):
        # evaluate() passes a strict content security policy; a script tag would be blocked.
        page.evaluate(script)
        # What passed is most of the answer; it stays in the browser.
        violations = page.evaluate(
            """only => axe.run({runOnly: only, resultTypes: ["violations"]}).then(
                said => said.violations.map(v => [v.id, v.nodes.slice(0, 4).map(n => n.target[0])]))""",
            list(only),
        )
        return [f"{rule}: {places}" for rule, places in violations]

    return run


# --- the city ----------------------------------------------------------------------------------------
@pytest.fixture
def city(db):
    """The demonstration city with every cluster online."""
    from tests import city

    return city.found()
