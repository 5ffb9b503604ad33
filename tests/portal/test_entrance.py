"""Coming in and going out is on the record; passwords are not."""

import base64

import pytest
from django.core.cache import cache
from django.test import Client

from config.demo.data import PASSWORD
from portal.accounts.models import User
from portal.audit.models import Event

NEWCOMER = {
    "username": "newcomer",
    "email": "newcomer@example.com",
    "name": "王新",
    "password1": "a-long-Passphrase-7",
    "password2": "a-long-Passphrase-7",
}


@pytest.fixture(autouse=True)
def fresh_counts():
    """Tries are counted in the cache, which outlives a test."""
    cache.clear()


def news() -> list[str]:
    return list(
        Event.objects.filter(name__startswith="account.").order_by("id").values_list("name", flat=True)
    )


def sign_in(name, password) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": password})
    return client


def test_signing_in_and_out_is_two_events_of_ones_firm(city):
    sign_in("bob", PASSWORD).post("/accounts/logout/")

    assert news() == ["account.signed_in", "account.signed_out"]
    event = Event.objects.get(name="account.signed_in")
    assert (event.subject_code, event.actor, event.organization) == ("bob", city.bob, city.ludao)
    assert event.details == {"address": "127.0.0.1", "device": "未知设备"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [("bob", "bob"), ("nobody", "nobody"), ("Bob@example.com", "bob"), ("x" * 400, "x" * 150)],
)
def test_a_failed_sign_in_keeps_the_name_and_the_address(city, typed, name):
    sign_in(typed, "wrong-Passphrase-1")

    event = Event.objects.get(name="account.sign_in_failed")
    assert (event.subject_type, event.subject_code, event.actor) == ("user", name, None)
    assert event.details == {"address": "127.0.0.1"}


def test_a_program_with_a_wrong_password_is_noted_too(city):
    basic = base64.b64encode(b"bob:wrong").decode()

    answer = Client().post("/api/v1/tokens/", {"name": "k"}, headers={"authorization": f"Basic {basic}"})

    assert answer.status_code == 401
    assert news() == ["account.sign_in_failed"]


def test_signing_up_and_changing_the_password_leave_no_password_behind(db):
    client = Client()
    client.post("/accounts/signup/", NEWCOMER)

    answer = client.post(
        "/accounts/password/change/",
        {
            "oldpassword": "a-long-Passphrase-7",
            "password1": "another-Passphrase-8",
            "password2": "another-Passphrase-8",
        },
    )

    assert answer.status_code == 302
    assert news() == ["account.signed_up", "account.signed_in", "account.password_changed"]
    assert {e.subject_code for e in Event.objects.all()} == {User.objects.get().username}
    assert not any("Passphrase" in str(vars(e)) for e in Event.objects.all())
