"""Codes by letter and message, unused accounts, the first administrator, and what a key needs."""

import base64
import json
import re
import time
from datetime import timedelta
from io import StringIO
from unittest.mock import patch

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from config.demo.data import PASSWORD
from portal.accounts.models import User
from portal.accounts.phones import normal
from portal.audit.models import Event
from portal.entrance import actions as entrance
from portal.entrance.tasks import disable_idle_accounts
from portal.organizations.models import Membership
from portal.tokens import actions as tokens
from tests.entrance import code_of

texted: list[tuple[str, str]] = []


def keep(phone, text):
    """Short messages of these tests go no further than this list."""
    texted.append((phone, text))


@pytest.fixture(autouse=True)
def fresh(settings):
    cache.clear()
    texted.clear()
    settings.SMS_BACKEND = f"{__name__}.keep"


# --- codes -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+852 5123 4567", "+85251234567"),
        ("12345", ""),
        ("+86 12800138000", ""),
        ("21800138000", ""),
        ("", ""),
    ],
)
def test_a_number_is_written_in_one_way(typed, number):
    assert normal(typed) == number


def prove_phone(client, phone):
    client.post("/accounts/phone/change/", {"phone": phone})
    code = re.search(r"验证码 (\S+)，", texted[-1][1])[1]
    return client.post("/accounts/phone/verify/", {"code": code})


def test_before_a_number_is_given_its_risk_is_told(city):
    client = Client()
    client.force_login(city.bob)

    page = client.get("/accounts/phone/change/").content.decode()

    assert "更稳妥的是验证器应用或通行密钥" in page
    assert page.index("更稳妥") < page.index('name="phone"')


def test_a_number_is_proved_and_then_opens_the_door(city):
    client = Client()
    client.force_login(city.bob)
    prove_phone(client, "138 0013 8000")

    stranger = Client()
    stranger.post("/accounts/login/code/", {"phone": "１３８００１３８０００"})
    code = re.search(r"验证码 (\S+)，", texted[-1][1])[1]
    answer = stranger.post("/accounts/login/code/confirm/", {"code": code})

    assert [phone for phone, _text in texted] == ["+8613800138000"] * 2
    assert answer["Location"] == "/desk/" and stranger.get("/desk/").status_code == 200
    event = Event.objects.get(name="account.phone_verified")
    assert (event.details["before"], event.details["after"]) == ({"phone": "0002"}, {"phone": "8000"})


@pytest.mark.parametrize("typed", ["13800138000", "138 0013 8000", "+86 138-0013-8000"])
def test_a_proved_number_opens_the_door_with_the_password(city, typed):
    entrance.set_phone(user_id=city.bob.id, phone="+8613800138000", is_verified=True)
    client = Client()

    answer = client.post("/accounts/login/", {"login": typed, "password": PASSWORD})

    assert answer["Location"] == "/desk/"
    assert Event.objects.get(name="account.signed_in").actor == city.bob


def try_wrong(login) -> int:
    return Client().post("/accounts/login/", {"login": login, "password": "wrong-Passphrase-1"}).status_code


def test_tries_by_number_and_by_name_are_counted_together(city):
    entrance.set_phone(user_id=city.bob.id, phone="+8613800138000", is_verified=True)

    answers = [try_wrong(name) for name in ("bob", "13800138000", "138 0013 8000", "bob@example.com", "bob")]

    assert answers == [200, 200, 200, 200, 429]
    assert AccessAttempt.objects.values_list("username", flat=True).distinct().get() == "bob"


@pytest.mark.parametrize("typed", ["13911112222", "stranger@example.com", "35020019900101123X"])
def test_a_strangers_number_or_mailbox_is_written_nowhere(city, typed):
    answers = [try_wrong(typed) for _ in range(5)]

    assert answers == [200, 200, 200, 200, 429]
    with connection.cursor() as cursor:
        for table in ("portal_event", "axes_accessattempt"):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE %s', [f"%{typed}%"])
            assert cursor.fetchone() == (0,)
    assert (
        "*"
        in Event.objects.filter(name="account.sign_in_failed")
        .values_list("subject_code", flat=True)
        .distinct()
        .get()
    )


def test_strangers_with_the_same_ends_are_counted_apart(city):
    for _ in range(5):
        try_wrong("13911112222")

    assert (try_wrong("13911112222"), try_wrong("13999992222")) == (429, 200)


@pytest.mark.parametrize("name", ["bob@example.com", "13800138000", "+85251234567"])
def test_nobody_takes_anothers_mailbox_or_number_as_a_name(city, name):
    with pytest.raises(ValidationError, match="邮箱或手机号"):
        get_adapter().clean_username(name)


def test_a_letter_brings_a_code_that_works_once(city):
    first, second = Client(), Client()
    first.post("/accounts/login/code/", {"email": "bob@example.com"})
    code = re.search(r"^([A-Z0-9-]{6,})$", mail.outbox[-1].body, re.M)[1]

    assert second.post("/accounts/login/code/confirm/", {"code": code}).status_code == 302
    assert second.get("/desk/").status_code == 302
    assert first.post("/accounts/login/code/confirm/", {"code": code})["Location"] == "/desk/"


def test_an_officer_with_a_code_by_letter_still_shows_the_second_factor(city):
    client = Client()
    client.post("/accounts/login/code/", {"email": "officer@example.com"})
    code = re.search(r"^([A-Z0-9-]{6,})$", mail.outbox[-1].body, re.M)[1]

    answer = client.post("/accounts/login/code/confirm/", {"code": code})

    assert answer["Location"] == "/accounts/2fa/authenticate/"


def test_two_people_never_prove_the_same_number(city):
    entrance.set_phone(user_id=city.bob.id, phone="+8613800138000", is_verified=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        entrance.set_phone(user_id=city.alice.id, phone="+8613800138000", is_verified=True)

    assert User.objects.get(id=city.alice.id).phone == "+8613000000001"


# --- unused accounts ---------------------------------------------------------------------------------
NOW = timezone.now().replace(microsecond=0)


def used(user, days):
    User.objects.filter(id=user.id).update(
        last_login=NOW - timedelta(days=days), date_joined=NOW - timedelta(days=400)
    )


def sweep(days=0):
    with patch.object(timezone, "now", lambda: NOW + timedelta(days=days)):
        disable_idle_accounts()


def is_open(user) -> bool:
    return User.objects.get(id=user.id).is_active


def test_an_unused_account_is_warned_and_closed_a_week_later(city):
    used(city.bob, 84)

    sweep()
    sweep(days=1)
    warned = (is_open(city.bob), len(mail.outbox), city.bob.notices.filter(url="/account/security/").count())
    sweep(days=8)

    assert warned == (True, 1, 1)
    assert not is_open(city.bob)
    assert Event.objects.get(name="account.disabled", subject_code="bob").actor is None


def test_nobody_is_closed_without_a_week_of_warning(city):
    used(city.bob, 200)

    sweep()
    sweep(days=6)

    assert is_open(city.bob)


def test_whoever_comes_after_the_warning_stays(city):
    used(city.bob, 84)
    sweep()
    used(city.bob, -1)

    sweep(days=8)

    assert is_open(city.bob)


def test_a_key_in_use_keeps_its_owners_account(city):
    used(city.bob, 200)
    token, _secret = tokens.issue(
        organization=city.ludao, name="k", scopes=["orders:read"], days=30, by=city.bob, at=NOW
    )
    token.last_used_at = NOW
    token.save()

    sweep()

    assert User.objects.get(id=city.bob.id).idle_warned_at is None


def test_the_last_vital_administrators_are_never_swept_away(city):
    for user in (city.sysadmin, city.security, city.auditadmin):
        used(user, 400)

    sweep()
    sweep(days=8)

    assert [is_open(u) for u in (city.sysadmin, city.security, city.auditadmin)] == [True, True, False]


# --- the first administrator -------------------------------------------------------------------------
FIRST = {
    "organization_name": "新平台运营公司",
    "name": "首任",
    "username": "first",
    "email": "first@example.com",
    "password": "Lantern-river-42",
    "again": "Lantern-river-42",
}


def invitation() -> str:
    out = StringIO()
    call_command("first_admin", stdout=out)
    return next(
        "/account/first/" + line.rsplit("/account/first/", 1)[1]
        for line in out.getvalue().splitlines()
        if line.startswith("system_admin ")
    )


def test_the_first_administrator_comes_by_a_word_once_and_sets_up_the_second_factor(db):
    address, spare = invitation(), invitation()
    client = Client()

    client.post(address, FIRST)

    assert list(Membership.objects.values_list("user__username", "role")) == [("first", "system_admin")]
    assert client.get("/desk/")["Location"] == "/account/security/"
    assert [Client().post(a, FIRST | {"username": "two"}).status_code for a in (address, spare)] == [404, 404]


def test_the_word_is_good_for_an_hour(db):
    address = invitation()
    hour = time.time() + 3600
    with patch("django.core.signing.time.time", lambda: hour - 60):
        in_time = Client().get(address).status_code
    with patch("django.core.signing.time.time", lambda: hour + 60):
        too_late = Client().get(address).status_code

    assert (in_time, too_late, Client().get("/account/first/made-up/").status_code) == (200, 404, 404)


@pytest.mark.parametrize(
    "change",
    [
        {"password": "Ab1-short", "again": "Ab1-short"},
        {"again": "different"},
        {"email": "nothing"},
        {"name": ""},
    ],
)
def test_a_bad_form_makes_nobody(db, change):
    answer = Client().post(invitation(), FIRST | change)

    assert answer.status_code == 422
    assert User.objects.count() == 0


# --- keys --------------------------------------------------------------------------------------------
def ask_for_key(name, **more):
    word = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
    return Client().post(
        "/api/v1/tokens/",
        json.dumps({"name": "k", "scopes": ["settlement:read"], **more}),
        content_type="application/json",
        headers={"authorization": f"Basic {word}"},
    )


def test_a_key_of_an_officer_costs_the_second_factor(city):
    answers = [
        ask_for_key("finance"),
        ask_for_key("finance", code="000000"),
        ask_for_key("finance", code=code_of(city.finance)),
    ]

    assert [a.status_code for a in answers] == [422, 422, 201]
    assert Event.objects.filter(name="account.sign_in_failed").count() == 2


def test_five_wrong_codes_close_this_way_too(city):
    for _ in range(5):
        ask_for_key("finance", code="000000")

    assert ask_for_key("finance", code=code_of(city.finance)).status_code == 401


def test_keys_of_an_officer_without_a_second_factor_open_nothing(city):
    secret = ask_for_key("finance", code=code_of(city.finance)).json()["secret"]
    call = {"headers": {"authorization": f"Bearer {secret}"}}
    before = Client().get("/api/v1/statements/", **call).status_code
    Authenticator.objects.filter(user=city.finance).delete()

    assert (before, Client().get("/api/v1/statements/", **call).status_code) == (200, 401)
    assert ask_for_key("finance").status_code == 403


def test_the_app_of_a_demo_officer_is_read_aloud_in_a_demo_city_only(city, settings):
    out = StringIO()
    call_command("demo_code", "officer", stdout=out)

    assert out.getvalue().strip() == code_of(city.officer)
    settings.CITY = settings.CITY | {"is_demo": False}
    with pytest.raises(CommandError):
        call_command("demo_code", "officer")
