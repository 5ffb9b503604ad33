"""What every answer of the house forbids the browser, page by page."""

import re

import pytest
from django.conf import settings
from django.test import Client

from config.demo.data import PASSWORD
from tests.house.test_pages import API, PAGES, filled, visited, visitor  # noqa: F401

pytestmark = pytest.mark.django_db

# What somebody handed in is only a download, and acts even less than a page.
HANDED_IN = "default-src 'none'; sandbox"
ADDRESSES = [*PAGES, *(f"api/v1/{route}" for route in API), "no/such/page/", "accounts/login/"]


@pytest.mark.parametrize("route", ADDRESSES)
@pytest.mark.parametrize("name", ["anonymous", "alice"])
def test_every_answer_is_strict(visited, route, name):  # noqa: F811
    city, codes = visited

    headers = visitor(city, name).get(filled(route, codes)).headers

    policy = headers["Content-Security-Policy"]
    assert not re.search(r"unsafe|\*|https?:|blob:", policy), policy
    if policy != HANDED_IN:
        assert {part.split()[0] for part in policy.split("; ")} >= {
            "default-src", "script-src", "style-src", "form-action", "base-uri", "frame-ancestors"
        }  # fmt: skip
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    if name == "alice":
        assert "no-store" in headers["Cache-Control"]


def test_cookies_are_out_of_reach_of_scripts_and_strangers(city):
    client = Client()

    client.post("/accounts/login/", {"login": "bob", "password": PASSWORD})

    session = client.cookies[settings.SESSION_COOKIE_NAME]
    assert session["httponly"] and session["samesite"] == "Lax"
