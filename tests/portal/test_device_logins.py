"""A program in a terminal asks, a person answers in a browser, and the key is fetched once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal.audit.models import Event
from portal.shell import limits, tenancy
from portal.tokens import device_logins
from portal.tokens.models import ApiToken, DeviceLogin
from portal.tokens.tasks import forget_device_logins

ASK, KEY, PAGE = "/api/v1/device-logins/", "/api/v1/device-logins/key/", "/tokens/device/"
YES = {"verdict": "consent", "kind": "live", "scopes": ["orders:read"], "days": 30}
NO = {"verdict": "refuse"}


@pytest.fixture
def few(settings):
    """So few tries a minute, of which none has been made."""
    if counts := limits.server().keys("limit:*"):
        limits.server().delete(*counts)
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"user_code": 3, "device": 3}


@pytest.fixture
def asked(city):
    return ask()


def ask(**more):
    wish = {"client_id": "slctl", "machine": "laptop", "scope": "orders:read moon:walk wallet:read"}
    answer = Client().post(ASK, wish | more, content_type="application/json", REMOTE_ADDR="203.0.113.7")
    assert answer.status_code == 200, answer.content
    return answer.json()


def fetch(asked, **more):
    return Client().post(KEY, {"device_code": asked["device_code"]} | more, content_type="application/json")


def code_of(answer):
    return answer.status_code, answer.json()["code"]


def answer(asked, user, words=YES):
    browser = Client()
    browser.force_login(user)
    return browser.post(f"{PAGE}?code={asked['user_code']}", words)


def wait(**time):
    """As if so much time had passed since the program asked last."""
    for row in DeviceLogin.objects.all():
        row.polled_at = row.polled_at and row.polled_at - timedelta(**time)
        row.expires_at -= timedelta(**time)
        row.save()


def test_who_changed_their_hat_meanwhile_is_asked_again(city, asked):
    said = answer(asked, city.bob, YES | {"organization": "EN-YUNDING"})

    assert (said.status_code, said["Location"]) == (302, f"{PAGE}?code={asked['user_code']}")
    assert code_of(fetch(asked)) == (400, "authorization_pending")
    assert answer(asked, city.bob, YES | {"organization": city.ludao.code})["Location"] == "/tokens/"


def test_a_program_asks_somebody_consents_and_it_fetches_a_key(city, asked):
    waiting = fetch(asked)
    browser = Client()
    browser.force_login(city.bob)
    page = browser.get(PAGE, {"code": asked["user_code"].lower()}).content.decode()
    agreed = browser.post(f"{PAGE}?code={asked['user_code']}", YES)
    fetched = fetch(asked)

    assert code_of(waiting) == (400, "authorization_pending")
    assert all(
        words in page for words in ("slctl", "laptop", "203.0.113.7", asked["user_code"], city.ludao.name)
    )
    assert agreed.headers["location"] == "/tokens/"
    found = fetched.json()
    assert (found["token_type"], found["scope"]) == ("Bearer", "orders:read")
    token = ApiToken.objects.get()
    assert (token.user, token.organization, token.name) == (city.bob, city.ludao, "slctl@laptop")
    assert token.code == found["code"]
    program = Client(headers={"authorization": f"Bearer {found['access_token']}"})
    assert program.get("/api/v1/projects/").status_code == 200
    assert code_of(fetch(asked)) == (400, "invalid_grant")
    assert ApiToken.objects.count() == 1
    names = ["device_login.consented", "token.issued"]
    events = Event.objects.filter(name__in=names).order_by("id")
    assert [(e.name, e.actor) for e in events] == [(name, city.bob) for name in names]


def test_neither_the_programs_code_nor_the_key_is_kept(city, asked):
    answer(asked, city.bob)
    secret = fetch(asked).json()["access_token"]

    kept = str(DeviceLogin.objects.values().get()) + str(Event.objects.values_list("details", flat=True))
    assert asked["device_code"] not in kept and secret not in kept


def test_a_form_is_read_like_json_with_the_words_of_the_rfc(city):
    typed = "client_id=erp&scope=orders%3Aread"
    asked = Client().post(ASK, typed, content_type="application/x-www-form-urlencoded").json()
    answer(asked, city.bob)
    grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
    typed = f"grant_type={grant}&client_id=erp&device_code={asked['device_code']}"

    fetched = Client().post(KEY, typed, content_type="application/x-www-form-urlencoded")

    assert fetched.json()["access_token"].startswith("pc_live_")
    assert asked["verification_uri_complete"].endswith(f"{PAGE}?code={asked['user_code']}")


def test_what_is_asked_for_is_ticked_and_the_person_has_the_last_word(city, asked):
    browser = Client()
    browser.force_login(city.bob)

    page = browser.get(PAGE, {"code": asked["user_code"]})
    answer(asked, city.bob, YES | {"scopes": ["market:read"], "kind": "test"})

    assert page.context["form"].initial["scopes"] == ["orders:read", "wallet:read"]
    found = fetch(asked).json()
    assert (found["scope"], found["access_token"][:8]) == ("market:read", "pc_test_")


def test_no_is_no(city, asked):
    refused = answer(asked, city.bob, NO)

    assert refused.headers["location"] == "/tokens/"
    assert code_of(fetch(asked)) == (400, "access_denied")
    assert answer(asked, city.bob).status_code == 422
    assert not ApiToken.objects.exists()
    assert Event.objects.get(name="device_login.refused").actor == city.bob


@pytest.mark.parametrize("is_agreed", [False, True])
def test_after_ten_minutes_it_is_over(city, asked, is_agreed):
    if is_agreed:
        answer(asked, city.bob)
    wait(minutes=10)

    assert code_of(fetch(asked)) == (400, "expired_token")
    assert answer(asked, city.bob).status_code == 422
    assert not ApiToken.objects.exists()


def test_who_polls_too_fast_is_told_to_wait_longer(city, asked):
    first, second = fetch(asked), fetch(asked)
    wait(seconds=6)
    third = fetch(asked)
    wait(seconds=16)
    fourth = fetch(asked)

    assert [code_of(one)[1] for one in (first, second, third, fourth)] == [
        "authorization_pending",
        "slow_down",
        "slow_down",
        "authorization_pending",
    ]
    assert DeviceLogin.objects.get().interval == 15


def test_a_wrong_code_says_so_and_too_many_are_not_taken(city, asked, few):
    browser = Client()
    browser.force_login(city.bob)

    tries = [browser.get(PAGE, {"code": "BBBB-BBBB"}) for _try in range(4)]
    right = browser.post(f"{PAGE}?code={asked['user_code']}", YES)

    assert [one.status_code for one in tries] == [422] * 3 + [429]
    assert "代码无效" in tries[0].content.decode()
    assert right.status_code == 429 and "Retry-After" in right
    assert code_of(fetch(asked)) == (400, "authorization_pending")


def test_where_tries_are_not_counted_none_is_taken(city, asked, monkeypatch):
    browser = Client()
    browser.force_login(city.bob)

    def away(*args, **more):
        raise limits.redis.ConnectionError

    monkeypatch.setattr(limits, "_counter", lambda: away)

    assert browser.post(f"{PAGE}?code={asked['user_code']}", YES).status_code == 503
    assert not DeviceLogin.objects.exclude(consented_at=None).exists()


def test_an_address_asks_only_so_often(city, few):
    tries = [Client().post(ASK, {"client_id": "x"}, content_type="application/json") for _try in range(4)]

    assert [one.status_code for one in tries] == [200] * 3 + [429]
    assert DeviceLogin.objects.count() == 3


def test_whoever_has_not_just_proved_who_they_are_does_so_first(city, asked):
    browser = Client()
    browser.force_login(city.charlie)
    session = browser.session
    session["signed_in_at"] -= 600
    session.save()

    sent = browser.post(f"{PAGE}?code={asked['user_code']}", YES)

    assert sent.headers["location"].startswith("/accounts/reauthenticate/")
    assert code_of(fetch(asked)) == (400, "authorization_pending")


def test_nobody_else_sees_who_asked_whom(city, asked):
    answer(asked, city.bob)

    for person, rows in ((city.bob, 1), (city.alice, 0)):
        reach = tenancy.Reach(organizations=frozenset({city.ludao.id}), person=person.id)
        with tenancy.asking_for(reach):
            assert DeviceLogin.objects.count() == rows
    with tenancy.asking_for(tenancy.NOBODY):
        assert DeviceLogin.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "wall"),
    [
        ({"redeemed_at": timezone.now()}, "device_login_redeemed_with_consent"),
        ({"consented_at": timezone.now()}, "device_login_consent_is_whole"),
    ],
)
def test_the_database_holds_that_there_is_no_key_without_consent(city, asked, change, wall):
    with pytest.raises(IntegrityError, match=wall), transaction.atomic():
        DeviceLogin.objects.update(**change)


def test_the_database_holds_that_there_is_one_answer(city, asked):
    answer(asked, city.bob)

    with pytest.raises(IntegrityError, match="device_login_answered_once"), transaction.atomic():
        DeviceLogin.objects.update(refused_at=timezone.now())


def test_old_requests_are_forgotten_and_their_keys_are_not(city, asked):
    answer(asked, city.bob)
    fetch(asked)
    fresh = ask()
    DeviceLogin.objects.exclude(token=None).update(
        expires_at=timezone.now() - device_logins.KEPT - timedelta(seconds=1)
    )

    forget_device_logins()

    assert [row.shown_code for row in DeviceLogin.objects.all()] == [fresh["user_code"]]
    assert ApiToken.objects.count() == 1
