"""A developer gets a key on a phone: it is shown once, fits the screen, and the first request stands below it."""

import pytest
from django.test import Client

from portal.tokens.models import ApiToken

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def city(transactional_db):
    from tests import city

    return city.found()


def follow(page, selector):
    """Press what leads to another page, and wait until that is there whole."""
    with page.expect_navigation():
        page.click(selector)


@pytest.mark.parametrize(("language", "theme", "width"), [("zh-hans", "light", 1280), ("en", "dark", 390)])
def test_a_key_is_made_changed_and_shown_once(
    city, page, login, axe, snap, live_server, language, theme, width
):
    page.set_viewport_size({"width": width, "height": 900})
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": live_server.url}
            for name, value in (("django_language", language), ("theme", theme))
        ]
    )
    login(city.bob)
    page.goto("/developers/")
    follow(page, ".page-actions a.is-primary")
    page.fill("aside [name=name]", "ERP")
    page.check("[name=scopes][value='orders:read']")
    page.fill("[name=networks]", "203.0.113.0/24")
    follow(page, "aside .form-actions button")

    first = page.text_content(".secret")
    snap(f"issued-{language}-{theme}-{width}", full=True)
    assert axe() == []
    assert not page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
    )
    assert first in page.text_content("pre.log")
    follow(page, ".stack > p .button")
    assert first not in page.content() and ApiToken.objects.get().hint in page.content()
    follow(page, "form[action$='/rotate/'] button")
    second = page.text_content(".secret")
    snap(f"rotated-{language}-{theme}-{width}", full=True)
    assert second != first and page.is_visible(".notice.is-warn")
    assert axe() == []


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("zh-hans", "light", 1280), ("en", "light", 1280), ("en", "dark", 390)]
)
def test_a_terminals_code_is_typed_and_answered_and_its_key_tied_to_a_network(
    city, page, login, axe, snap, live_server, language, theme, width
):
    page.set_viewport_size({"width": width, "height": 900})
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": live_server.url}
            for name, value in (("django_language", language), ("theme", theme))
        ]
    )
    wish = {"client_id": "slctl", "machine": "gpu-login-01", "scope": "orders:read"}
    asked = Client().post("/api/v1/device-logins/", wish, content_type="application/json").json()

    def looks_well(name):
        snap(f"{name}-{language}-{theme}-{width}", full=True)
        assert axe() == []
        assert not page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        )

    login(city.bob)
    page.goto("/tokens/")
    follow(page, "a[href='/tokens/device/']")
    page.fill("[name=code]", "BBBB-BBBB")
    follow(page, ".form-actions button")
    looks_well("device-wrong")
    page.fill("[name=code]", asked["user_code"].lower())
    follow(page, ".form-actions button")
    looks_well("device")
    assert page.is_checked("[name=scopes][value='orders:read']")
    page.check("[name=kind][value='test']")
    follow(page, "button[value=consent]")
    shown = {"device_code": asked["device_code"]}
    fetched = Client().post("/api/v1/device-logins/key/", shown, content_type="application/json").json()
    page.goto("/tokens/")
    looks_well("tokens")
    follow(page, "a[href$='/networks/']")
    looks_well("networks")
    page.fill("[name=networks]", "203.0.113.0/24")
    follow(page, ".form-actions button")

    token = ApiToken.objects.get()
    assert (fetched["access_token"][:8], token.networks) == ("pc_test_", ["203.0.113.0/24"])
    assert "203.0.113.0/24" in page.text_content("table")
