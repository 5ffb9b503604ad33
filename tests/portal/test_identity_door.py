"""The door: the second factor of officers, how long a stay lasts, and five wrong tries."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.core.cache import cache, caches
from django.test import Client
from django.utils import timezone

from config.demo.data import PASSWORD
from portal.accounts.models import User
from portal.audit.models import Event
from portal.entrance import actions as entrance
from portal.entrance import devices, queries
from portal.entrance.stays import BEGUN, SEEN
from portal.organizations import actions as organizations
from portal.organizations.credit_code import check_digit
from portal.organizations.models import Organization
from portal.tokens import actions as tokens
from tests.entrance import SECRET, code_now, code_of

QUARTER, HALF_HOUR, HALF_DAY = 15 * 60, 30 * 60, 12 * 3600
WRONG = "wrong-Passphrase-1"


@pytest.fixture(autouse=True)
def fresh_counts():
    """Codes already used are remembered in the cache, which outlives a test."""
    cache.clear()


def sign_in(name, password=PASSWORD, **headers) -> Client:
    client = Client(headers=headers)
    client.answer = client.post("/accounts/login/", {"login": name, "password": password})
    return client


def names(client=None) -> list[str]:
    return list(
        Event.objects.filter(name__startswith="account.").order_by("id").values_list("name", flat=True)
    )


# --- the second factor -------------------------------------------------------------------------------
def test_an_officer_without_a_second_factor_is_led_to_set_one_up(city):
    Authenticator.objects.all().delete()
    client = sign_in("officer")

    answer = client.get("/cockpit/")
    page = client.get("/account/security/")

    assert (answer.status_code, answer["Location"]) == (302, "/account/security/")
    assert "请先完成设置" in page.content.decode()
    assert client.get("/api/v1/orders/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_setting_it_up_opens_the_house_at_once(city):
    Authenticator.objects.all().delete()
    client = sign_in("officer")
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]

    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})

    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    assert client.get("/cockpit/").status_code == 200
    kinds = Authenticator.objects.filter(user=city.officer).order_by("type").values_list("type", flat=True)
    assert list(kinds) == ["recovery_codes", "totp"]


def test_an_officer_signs_in_with_password_and_code(city):
    client = sign_in("officer")

    assert client.answer["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/cockpit/")["Location"].startswith("/accounts/login/")
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_of(city.officer)})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert client.get("/cockpit/").status_code == 200


def test_a_code_opens_the_door_once(city):
    code = code_of(city.officer)
    sign_in("officer").post("/accounts/2fa/authenticate/", {"code": code})

    answer = sign_in("officer").post("/accounts/2fa/authenticate/", {"code": code})

    assert answer.status_code == 200
    assert names() == ["account.signed_in", "account.sign_in_failed"]


def test_a_session_older_than_the_office_is_asked_for_the_factor(city):
    client = Client()
    client.force_login(city.officer)
    session = client.session
    del session["account_authentication_methods"]
    session.save()

    assert client.get("/cockpit/")["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fcockpit%2F"


def test_a_firms_member_needs_no_second_factor(city):
    assert sign_in("bob").get("/desk/").status_code == 200


# (whom the firm asks, who is led to set it up)
ASKED = [("nobody", []), ("stewards", ["alice", "fiona"]), ("everybody", ["alice", "bob", "fiona"])]


@pytest.mark.parametrize(("of", "led"), ASKED)
def test_a_firm_says_who_of_its_own_needs_a_second_factor(city, of, led):
    Authenticator.objects.all().delete()
    clients = {name: sign_in(name) for name in ("alice", "bob", "fiona", "charlie")}
    answer = clients["alice"].post("/organization/second-factor/", {"second_factor": of})

    found = {name for name, client in clients.items() if client.get("/orders/").status_code == 302}

    assert answer["Location"] == "/organization/"
    assert sorted(found) == led
    assert clients["bob"].get("/api/v1/orders/").status_code == (403 if "bob" in led else 200)


def test_a_key_of_a_member_who_must_prove_themselves_twice_waits_for_the_factor(city):
    Authenticator.objects.all().delete()
    _token, secret = tokens.issue(
        organization=city.ludao, name="k", scopes=["orders:read"], days=1, by=city.bob, at=timezone.now()
    )
    headers = {"authorization": f"Bearer {secret}"}
    assert Client(headers=headers).get("/api/v1/orders/").status_code == 200

    for _ in range(2):
        organizations.ask_second_factor(organization_id=city.ludao.id, of="everybody", by=city.alice)

    assert Client(headers=headers).get("/api/v1/orders/").status_code == 401
    event = Event.objects.get(name="organization.second_factor_asked")
    assert event.details == {"before": {"second_factor": "nobody"}, "after": {"second_factor": "everybody"}}


def test_a_new_firms_administrator_begins_with_a_second_factor(city):
    city.jian.memberships.all().delete()
    client = sign_in("jian")
    firm = {
        "name": "厦门新企业有限公司",
        "credit_code": "91350200MA31AAAA3" + check_digit("91350200MA31AAAA3"),
    }

    client.post("/organization/join/", firm)

    assert Organization.objects.get(name=firm["name"]).second_factor == "stewards"
    assert client.get("/desk/")["Location"] == "/account/security/"


def test_the_seed_of_an_authenticator_app_lies_sealed(city):
    factor = TOTP.activate(city.bob, SECRET).instance

    assert SECRET not in str(factor.data)
    assert factor.wrap().validate_code(code_now())


# --- how long a stay lasts ---------------------------------------------------------------------------
def age(client, **seconds):
    session = client.session
    for key, ago in seconds.items():
        session[{"begun": BEGUN, "seen": SEEN}[key]] = int(time.time()) - ago
    session.save()


@pytest.mark.parametrize(
    ("name", "seconds", "is_over"),
    [
        ("bob", {"seen": HALF_HOUR - 5}, False),
        ("bob", {"seen": HALF_HOUR}, True),
        ("officer", {"seen": QUARTER - 5}, False),
        ("officer", {"seen": QUARTER}, True),
        ("bob", {"begun": HALF_DAY - 5}, False),
        ("bob", {"begun": HALF_DAY}, True),
    ],
)
def test_a_stay_ends_by_itself(city, name, seconds, is_over):
    client = Client()
    client.force_login(getattr(city, name))
    age(client, **seconds)

    answer = client.get("/desk/")

    assert answer.status_code == (302 if is_over else 200)
    assert names() == (["account.timed_out"] if is_over else [])


def test_whoever_was_signed_out_reads_why_and_comes_back_to_the_page(city):
    client = Client()
    client.force_login(city.bob)
    age(client, seen=HALF_HOUR)

    page = client.get("/orders/", follow=True)

    assert page.redirect_chain == [("/accounts/login/?next=/orders/", 302)]
    assert "您已 30 分钟未操作" in page.content.decode()


def test_a_form_sent_too_late_leads_back_to_its_page(city):
    client = Client()
    client.force_login(city.bob)
    age(client, seen=HALF_HOUR)

    answer = client.post("/tokens/", {"name": "k"}, headers={"referer": "http://testserver/tokens/"})

    assert answer["Location"] == "/accounts/login/?next=%2Ftokens%2F"


def test_a_form_sent_after_the_stay_was_ended_elsewhere_leads_back_to_its_page(city):
    page = {"referer": "http://testserver/orders/?status=billed"}

    answer = Client().post("/lists/orders/views/", {"name": "k"}, headers=page)

    assert answer["Location"] == "/accounts/login/?next=%2Forders%2F%3Fstatus%3Dbilled"


def test_a_part_of_a_page_asked_for_too_late_leads_the_whole_page_to_the_door(city):
    page = {"referer": "http://testserver/approvals/", "hx-request": "true"}

    answer = Client().get("/approvals/", headers=page)

    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fapprovals%2F"


def sent_too_late(city, client, **typed):
    client.force_login(city.bob)
    age(client, seen=HALF_HOUR)
    client.post("/tokens/", typed, headers={"referer": "http://testserver/tokens/"})


def typed_on(client, path):
    return client.get(path).context["typed"]


def kept(user):
    return caches["passing"].get(f"typed:{user.pk}")


def test_what_was_typed_comes_back_once_and_lies_sealed_until_then(city):
    client = Client()
    sent_too_late(city, client, name="夜间任务", scopes=["orders:read", "bills:read"])

    sealed = kept(city.bob)
    client.force_login(city.bob)
    elsewhere, first, second = (typed_on(client, path) for path in ("/orders/", "/tokens/", "/tokens/"))

    assert "夜间任务" not in sealed
    fields = {"name": ["夜间任务"], "scopes": ["orders:read", "bills:read"]}
    assert first == {"page": "/tokens/", "sent_to": "/tokens/", "fields": fields}
    assert (elsewhere, second, kept(city.bob)) == (None, None, None)


def test_what_was_typed_is_for_nobody_else(city):
    client = Client()
    sent_too_late(city, client, name="夜间任务")

    client.force_login(city.fiona)

    assert typed_on(client, "/tokens/") is None


def test_typing_holds_the_stay_and_what_was_sent_is_no_longer_kept(city):
    client = Client()
    client.force_login(city.bob)
    age(client, seen=HALF_HOUR - 60)
    about = "page=/tokens/&sent_to=/tokens/"

    held = client.post(f"/account/sessions/hold/?{about}", {"name": "夜间任务"})
    moved, typing = client.session[SEEN], kept(city.bob)
    client.post("/tokens/", {"name": "夜间任务"})

    assert held.status_code == 204
    assert moved > time.time() - 60 and typing
    assert kept(city.bob) is None


def test_a_book_in_a_form_is_not_kept(city):
    client = Client()

    sent_too_late(city, client, name="夜" * 20_000)

    assert kept(city.bob) is None


def test_a_page_that_refreshes_itself_does_not_keep_a_stay_alive(city):
    client = Client()
    client.force_login(city.bob)
    age(client, seen=120)
    before = client.session[SEEN]

    client.get("/desk/", headers={"x-background": "1"})
    unmoved = client.session[SEEN]
    client.get("/desk/")

    assert unmoved == before and client.session[SEEN] > before


def test_a_program_with_an_old_session_is_told_to_sign_in(city):
    client = Client()
    client.force_login(city.bob)
    age(client, begun=HALF_DAY)

    assert client.get("/api/v1/orders/").status_code == 401


# --- the list of stays -------------------------------------------------------------------------------
def test_one_stay_is_ended_and_the_others_go_on(city):
    here, there = sign_in("bob"), sign_in("bob", user_agent="Mozilla/5.0 (iPhone) Safari/604.1")
    other = next(s for s in queries.stays_of(city.bob, here.session.session_key) if not s.is_this)

    page = here.get("/account/security/").content.decode()
    here.post(f"/account/sessions/{other.code}/end/")

    assert "Safari · iPhone" in page and "本设备" in page
    assert there.session.session_key not in page and here.session.session_key not in page
    assert (here.get("/desk/").status_code, there.get("/desk/").status_code) == (200, 302)


def test_all_other_stays_are_ended(city):
    here, there, elsewhere = (sign_in("bob") for _ in range(3))

    here.post("/account/sessions/end-others/")

    assert [c.get("/desk/").status_code for c in (here, there, elsewhere)] == [200, 302, 302]
    assert Event.objects.get(name="account.other_stays_ended").details == {"count": 2}


def test_anothers_stay_cannot_be_ended(city):
    bob, alice = sign_in("bob"), sign_in("alice")
    code = queries.stays_of(city.bob, "")[0].code

    assert alice.post(f"/account/sessions/{code}/end/").status_code == 404
    assert bob.get("/desk/").status_code == 200


def test_a_new_password_ends_the_other_stays(city):
    here, there = sign_in("bob"), sign_in("bob")

    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another-Passphrase-8", "password2": "another-Passphrase-8"},
    )

    assert (here.get("/desk/").status_code, there.get("/desk/").status_code) == (200, 302)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0",
            "WeChat · Android",
        ),
        ("curl/8.5.0", "未知设备"),
    ],
)
def test_a_browser_is_named_in_two_words(name, words):
    assert devices.named(name) == words


# --- five wrong tries --------------------------------------------------------------------------------
def test_five_wrong_passwords_close_the_account_even_for_the_right_one(city):
    answers = [sign_in("bob", WRONG).answer.status_code for _ in range(5)]
    right = sign_in("bob")

    assert answers == [200, 200, 200, 200, 429]
    assert right.answer.status_code == 429 and "约 30 分钟后自动解除" in right.answer.content.decode()
    assert 1700 < int(right.answer["Retry-After"]) <= 1800
    assert right.get("/desk/").status_code == 302
    assert sorted(names()) == ["account.locked"] + ["account.sign_in_failed"] * 6


def test_all_names_of_an_account_are_counted_together(city):
    for name in ("bob", "BOB", "bob@example.com", "Bob@Example.com", "bob"):
        last = sign_in(name, WRONG)

    assert last.answer.status_code == 429
    assert [lock.username for lock in queries.locks()] == ["bob"]


def test_wrong_codes_count_like_wrong_passwords(city):
    client = sign_in("officer")

    answers = [client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code for _ in range(5)]
    right = client.post("/accounts/2fa/authenticate/", {"code": code_of(city.officer)})

    assert answers == [200, 200, 200, 200, 429]
    assert right.status_code == 429
    assert client.get("/cockpit/")["Location"].startswith("/accounts/login/")


def test_a_right_password_forgets_the_wrong_ones(city):
    for _ in range(4):
        sign_in("bob", WRONG)
    sign_in("bob")

    assert sign_in("bob", WRONG).answer.status_code == 200


def test_the_security_administrator_opens_it_again(city):
    for _ in range(5):
        sign_in("bob", WRONG)
    security = Client()
    security.force_login(city.security)

    page = security.get("/people/locked/").content.decode()
    security.post("/people/unlock/", {"username": "bob"})

    assert "bob" in page and "127.0.0.1" in page
    assert sign_in("bob").answer.status_code == 302


def test_strange_names_on_the_list_do_no_harm(city):
    for _ in range(5):
        sign_in("a/b<script>", WRONG)
    security = Client()
    security.force_login(city.security)

    page = security.get("/people/locked/")

    assert page.status_code == 200 and "<script>" not in page.content.decode().split("<main")[1]


# --- closing an account ------------------------------------------------------------------------------
def test_a_closed_account_is_out_at_once(city):
    client = sign_in("bob")
    security = Client()
    security.force_login(city.security)

    security.post("/people/bob/disable/", {"reason": "已离职"})

    assert client.get("/desk/").status_code == 302
    assert UserSession.objects.filter(user=city.bob).count() == 0
    assert sign_in("bob").get("/desk/").status_code == 302
    assert Event.objects.get(name="account.disabled").details["reason"] == "已离职"


def test_an_opened_account_works_again(city):
    entrance.disable(user_id=city.bob.id, reason="x", by=city.security, at=timezone.now())

    entrance.enable(user_id=city.bob.id, by=city.security, at=timezone.now())

    assert sign_in("bob").get("/desk/").status_code == 200


@pytest.mark.parametrize("name", ["sysadmin", "security"])
def test_the_last_of_the_vital_administrators_stays(city, name):
    with pytest.raises(entrance.CannotClose):
        entrance.disable(user_id=getattr(city, name).id, reason="x", by=city.officer, at=timezone.now())

    assert User.objects.get(username=name).is_active
    assert not Event.objects.filter(name="account.disabled").exists()


def test_nobody_closes_their_own_account(city):
    security = Client()
    security.force_login(city.security)

    answer = security.post("/people/security/disable/", {"reason": "x"})

    assert answer.status_code == 422
    assert User.objects.get(username="security").is_active
