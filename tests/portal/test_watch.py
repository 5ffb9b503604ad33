"""What looks like an attack is seen within minutes and told once."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from config.demo.data import PASSWORD
from portal.audit import actions as audit
from portal.audit.models import Event
from portal.entrance.checks import named_roles_exist
from portal.notices.models import Notice
from portal.organizations.models import Membership, Organization
from portal.shell import limits
from portal.tokens import actions as tokens
from portal.watch import queries, tasks
from portal.watch.models import Alarm
from tests.entrance import BACKEND, code_of

ALARMS = "/people/alarms/"


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()
    limits._counter().registered_client.flushdb()


def visitor(user, address="127.0.0.1"):
    client = Client(REMOTE_ADDR=address)
    client.force_login(user, backend=BACKEND)
    return client


def sign_in(name, address, **more):
    client = Client(REMOTE_ADDR=address, **more)
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    return client


def raised() -> list[tuple[str, str]]:
    return list(Alarm.objects.order_by("id").values_list("rule", "about"))


def told(user) -> int:
    return Notice.objects.filter(user=user, url=ALARMS).count()


# --- passwords tried from one place ---------------------------------------------------------------------
def test_many_wrong_sign_ins_from_one_address_are_told_once(city, settings):
    settings.ALARM_FAILED_SIGN_INS = 3
    for number in range(3):
        Client(REMOTE_ADDR="203.0.113.7").post(
            "/accounts/login/", {"login": f"nobody{number}", "password": "wrong"}
        )
    Client(REMOTE_ADDR="198.51.100.1").post("/accounts/login/", {"login": "bob", "password": "wrong"})

    tasks.watch_the_record()
    tasks.watch_the_record()

    alarm = Alarm.objects.get()
    assert (alarm.rule, alarm.about) == ("sprayed", "203.0.113.7")
    assert alarm.details == {"tries": 3, "accounts": 3}
    assert (told(city.security), told(city.sysadmin)) == (1, 0)
    event = Event.objects.get(name="alarm.raised")
    assert event.details == {"rule": "sprayed", "about": "203.0.113.7", "tries": 3, "accounts": 3}


def test_what_is_long_ago_is_no_attack_of_today(city, settings):
    settings.ALARM_FAILED_SIGN_INS = 1
    Client(REMOTE_ADDR="203.0.113.7").post("/accounts/login/", {"login": "bob", "password": "wrong"})

    later = timezone.now() + queries.SPRAY_WITHIN + timedelta(seconds=1)

    assert list(queries.sprayed(later)) == []


# --- refusals ---------------------------------------------------------------------------------------------
def test_whoever_tries_others_orders_is_told_of(city, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"refused": 3}
    client = visitor(city.charlie)

    answers = [client.get(f"/orders/OD-{number}/").status_code for number in range(6)]

    assert answers == [404] * 6
    assert raised() == [("refused", "charlie")]
    assert Alarm.objects.get().details == {"address": "127.0.0.1", "route": "orders/<code>/"}
    assert told(city.security) == 1


def test_a_program_is_watched_like_its_owner(city, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"refused": 1}
    _token, secret = tokens.issue(
        organization=city.ludao, name="k", scopes=["orders:read"], days=1, by=city.bob, at=timezone.now()
    )
    for number in range(2):
        Client(headers={"authorization": f"Bearer {secret}"}).get(f"/api/v1/orders/OD-{number}/")

    assert raised() == [("refused", "bob")]


def test_a_wrong_address_and_a_few_refusals_are_no_alarm(city, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"refused": 3}
    client = visitor(city.charlie)

    for number in range(3):
        client.get(f"/orders/OD-{number}/")
        client.get(f"/no-such-page-{number}/")
        client.get("/receipts/")

    assert raised() == []


# --- posts ------------------------------------------------------------------------------------------------
def test_a_post_that_serves_the_city_is_told_and_a_firms_role_is_not(city):
    platform = Organization.objects.get(code="PL-INFO")
    for organization, role in ((platform, "platform_operator"), (city.ludao, "enterprise_member")):
        member = Membership.objects.create(user=city.jian, organization=organization, role=role)
        audit.record(member, "member.granted", by=city.security, after={"role": role})

    tasks.watch_the_record()
    tasks.watch_the_record()

    post = Membership.objects.get(user=city.jian, organization=platform)
    assert raised() == [("promoted", post.code)]
    assert Alarm.objects.get().details == {"event": "member.granted", "given_by": "security"}


# --- places -----------------------------------------------------------------------------------------------
def full_sign_in(city, address):
    cache.clear()
    client = sign_in("officer", address)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(city.officer)})
    assert client.session.get("_auth_user_id") == str(city.officer.pk)


def test_an_officer_from_a_strange_network_is_told(city):
    full_sign_in(city, "203.0.113.7")
    full_sign_in(city, "203.0.200.9")
    tasks.watch_the_record()
    assert raised() == []

    full_sign_in(city, "198.51.100.1")
    tasks.watch_the_record()
    tasks.watch_the_record()

    assert raised() == [("elsewhere", "officer")]
    assert Alarm.objects.get().details["address"] == "198.51.100.1"


def test_a_firms_member_may_travel(city):
    for address in ("203.0.113.7", "198.51.100.1"):
        sign_in("bob", address)

    tasks.watch_the_record()

    assert raised() == []


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.7", "203.0.0.0/16"), ("2001:db8:1:2::3", "2001:db8::/32"), ("", "")],
)
def test_a_neighbourhood_is_wide_enough_for_tomorrows_lease(address, network):
    assert queries.network_of(address) == network


def test_the_list_is_for_those_who_look_after_security(city, settings):
    settings.ALARM_FAILED_SIGN_INS = 1
    Client(REMOTE_ADDR="203.0.113.7").post("/accounts/login/", {"login": "bob", "password": "wrong"})
    assert "没有告警" in visitor(city.security).get(ALARMS).content.decode()

    tasks.watch_the_record()

    for name in ("security", "auditadmin"):
        page = visitor(getattr(city, name)).get(ALARMS).content.decode()
        assert "203.0.113.7" in page and "同一地址反复登录失败" in page
    assert visitor(city.sysadmin).get(ALARMS).status_code == 403


# --- networks of a role -----------------------------------------------------------------------------------
def test_a_role_works_only_from_the_citys_networks(city, settings):
    settings.OFFICER_NETWORKS = {"security_admin": ["10.1.0.0/16", "2001:db8::/32"]}
    inside, outside = visitor(city.security, "10.1.2.3"), visitor(city.security, "203.0.113.7")

    answers = [outside.get("/people/").status_code for _ in range(2)]

    assert (inside.get("/people/").status_code, answers) == (200, [403, 403])
    assert "203.0.113.7" in outside.get("/people/").content.decode()
    assert visitor(city.sysadmin, "203.0.113.7").get("/city-systems/").status_code == 200
    event = Event.objects.get(name="account.refused_place")
    assert (event.actor, event.details) == (city.security, {"address": "203.0.113.7"})


def test_a_key_of_such_a_role_stays_inside_too(city, settings):
    settings.OFFICER_NETWORKS = {"auditor": ["10.1.0.0/16"]}
    _token, secret = tokens.issue(
        organization=city.auditor.memberships.get().organization,
        name="k",
        scopes=["orders:read"],
        days=1,
        by=city.auditor,
        at=timezone.now(),
    )
    headers = {"authorization": f"Bearer {secret}"}

    answers = [
        Client(headers=headers, REMOTE_ADDR=address).get("/api/v1/orders/").status_code
        for address in ("10.1.2.3", "203.0.113.7")
    ]

    assert answers == [200, 403]


def test_a_misspelt_role_is_not_left_open_in_silence(settings):
    assert named_roles_exist() == []
    settings.OFFICER_NETWORKS = {"security-admin": ["10.1.0.0/16"]}

    assert [error.id for error in named_roles_exist()] == ["portal.E101"]
