"""Signing in as a person does it: password, code, passkey; and how the pages of the door look."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from playwright.sync_api import expect

from config.demo.data import PASSWORD
from portal.audit.models import Event
from portal.entrance.stays import BEGUN
from tests import city as town
from tests.entrance import code_now

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def city(transactional_db):
    cache.clear()
    return town.found()


@pytest.fixture
def key(page):
    """A passkey that lives in this browser and whose owner always puts the finger on it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def type_password(page, name):
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def type_code(page, secret):
    """A code that is not over before it arrives."""
    left = 30 - time.time() % 30
    time.sleep(left if left < 5 else 0)
    page.locator("[name=code]").fill(code_now(secret))


def sign_out(page):
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/")


def add_key(page, *, is_passkey):
    page.goto("/account/security/")
    page.locator("a[href*='webauthn/add']").click()
    if is_passkey:
        page.locator("[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url("**/recovery-codes/")


def test_an_officer_sets_up_the_app_and_signs_in_with_it(city, page, snap):
    Authenticator.objects.all().delete()
    type_password(page, "officer")
    page.goto("/cockpit/")
    expect(page.locator("main")).to_contain_text("还差一步")
    snap("security-first")
    page.locator("a[href*='totp/activate']").click()
    secret = page.locator("#authenticator_secret").input_value()
    snap("totp-activate")
    type_code(page, secret)
    page.locator("main button[type=submit]").click()
    expect(page).to_have_url(re.compile("recovery-codes"))
    snap("recovery-codes")
    page.goto("/cockpit/")
    expect(page.locator("body")).to_contain_text("驾驶舱")

    sign_out(page)
    cache.clear()  # the same half minute shows the same code, and a code is good once
    type_password(page, "officer")
    snap("authenticate")
    type_code(page, secret)
    page.get_by_role("button", name="验证并登录").click()
    page.wait_for_url("**/desk/")

    assert Event.objects.filter(name="account.factor_added", subject_code="officer").count() == 1


def test_a_passkey_is_the_second_step_and_later_the_only_one(city, page, key, snap):
    Authenticator.objects.all().delete()
    type_password(page, "officer")
    add_key(page, is_passkey=True)
    page.goto("/account/security/")
    snap("security-with-key")

    sign_out(page)
    type_password(page, "officer")
    page.get_by_role("button", name="改用通行密钥或安全密钥").click()
    page.wait_for_url("**/desk/")

    sign_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/desk/")
    page.goto("/cockpit/")
    expect(page.locator("body")).to_contain_text("驾驶舱")

    assert Authenticator.objects.get(user=city.officer, type="webauthn").last_used_at is not None


@pytest.fixture
def bob_types(city, page, login):
    """Bob fills in a form, and time passes."""
    page.clock.install()
    login(city.bob)
    page.goto("/tokens/")
    page.get_by_label("用途").fill("夜间任务")
    page.locator("[name=scopes]").first.check()


def end_the_stay():
    for session in Session.objects.all():
        over = session.get_decoded() | {BEGUN: int(time.time()) - 13 * 3600}
        Session.objects.filter(pk=session.pk).update(session_data=SessionStore().encode(over))


def come_back(page):
    page.locator("[name=login]").fill("bob")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def assert_restored(page):
    expect(page.locator("#restored")).to_be_visible()
    expect(page.get_by_label("用途")).to_have_value("夜间任务")
    expect(page.locator("[name=scopes]").first).to_be_checked()


def test_what_is_sent_after_the_stay_is_not_lost(bob_types, page, snap):
    end_the_stay()

    page.locator("aside").get_by_role("button", name="创建").click()
    come_back(page)

    assert_restored(page)
    snap("typed-restored")


def rest(page):
    with page.expect_response("**/account/sessions/hold/**"):
        page.clock.run_for(31_000)


def test_what_was_never_sent_is_not_lost(bob_types, page):
    rest(page)
    end_the_stay()

    page.clock.run_for(20_000)
    come_back(page)

    assert_restored(page)


def test_whoever_rests_is_warned_and_may_stay(bob_types, page, axe, snap):
    rest(page)
    page.clock.run_for(29 * 60_000)
    expect(page.locator("#stay")).to_be_visible()
    snap("stay-ending")
    assert axe() == []

    with page.expect_response("**/account/sessions/hold/**"):
        page.get_by_role("button", name="继续使用").click()

    expect(page.locator("#stay")).to_be_hidden()


def test_single_keys_can_be_turned_off(city, page, login):
    login(city.bob)
    page.goto("/orders/")
    page.get_by_role("button", name="停用单键快捷键").click()
    expect(page.get_by_role("button", name="启用单键快捷键")).to_be_visible()
    page.wait_for_load_state()

    page.keyboard.press("?")
    page.keyboard.press("/")
    typed_off = page.url, page.evaluate("document.activeElement.type")
    page.get_by_role("button", name="启用单键快捷键").click()
    expect(page.get_by_role("button", name="停用单键快捷键")).to_be_visible()
    # The buttons are seen before the script that listens has run.
    page.wait_for_load_state()
    page.keyboard.press("?")

    assert typed_off[0].endswith("/orders/") and typed_off[1] != "search"
    page.wait_for_url("**/help/")


def test_without_a_key_the_page_says_what_to_do(city, page):
    page.add_init_script("navigator.credentials.get = () => Promise.reject(new Error('no'))")
    type_password(page, "officer")

    page.get_by_role("button", name="改用通行密钥或安全密钥").click()

    expect(page.locator("#passkey-failed")).to_contain_text("换一种方式")


LOOKS = [("zh-hans", "light", 1280), ("en", "dark", 390)]
PAGES = [
    ("login", None, "/accounts/login/"),
    ("security", "officer", "/account/security/"),
    ("totp-off", "officer", "/accounts/2fa/totp/deactivate/"),
    ("totp-on", "bob", "/accounts/2fa/totp/activate/"),
    ("codes", "officer", "/accounts/2fa/recovery-codes/"),
    ("codes-new", "officer", "/accounts/2fa/recovery-codes/generate/"),
    ("keys", "officer", "/accounts/2fa/webauthn/"),
    ("key-add", "officer", "/accounts/2fa/webauthn/add/"),
    ("confirm", "officer", "/accounts/reauthenticate/"),
    ("confirm-code", "officer", "/accounts/2fa/reauthenticate/"),
    ("code", None, "/accounts/login/code/"),
    ("phone", "bob", "/accounts/phone/change/"),
    ("password", "bob", "/accounts/password/change/"),
    ("reset", None, "/accounts/password/reset/"),
    ("reset-sent", None, "/accounts/password/reset/done/"),
    ("email", "bob", "/accounts/email/"),
    ("inactive", None, "/accounts/inactive/"),
    ("people", "security", "/people/"),
    ("disable", "security", "/people/bob/disable/"),
    ("locked", "security", "/people/locked/"),
    ("alarms", "security", "/people/alarms/"),
    ("factor-resets", "security", "/people/factor-resets/"),
]


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_every_page_of_the_door_is_fit_to_be_seen(
    city, page, login, axe, snap, live_server, language, theme, width
):
    page.set_viewport_size({"width": width, "height": 900})
    cookies = {"django_language": language, "theme": theme}
    page.context.add_cookies([{"name": k, "value": v, "url": live_server.url} for k, v in cookies.items()])
    EmailAddress.objects.create(user=city.bob, email="bob@example.com", primary=True, verified=True)
    RecoveryCodes.activate(city.officer)
    wrong = []
    for name, username, path in PAGES:
        page.context.clear_cookies(name="sessionid")
        if username:
            login(getattr(city, username))
        page.goto(path)
        snap(f"door-{name}-{language}-{theme}-{width}", full=True)
        if page.url.split("?")[0].split("localhost")[1].split("/", 1)[1] != path[1:]:
            wrong.append(f"{name}: {page.url}")
        if page.locator("header .brand").count() != 1:
            wrong.append(f"{name}: not in our shell")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
            wrong.append(f"{name}: scrolls sideways")
        wrong += [f"{name}: {problem}" for problem in axe()]

    assert wrong == []
