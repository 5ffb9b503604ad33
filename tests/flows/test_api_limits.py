"""How often somebody may ask, and what they read when it was too often."""

import base64
import threading

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.shell import limits
from tests import city as town
from tests.entrance import BACKEND
from tests.flows.test_api_road import Caller


def forget():
    """Every count of the test before."""
    server = redis.Redis.from_url(settings.REDIS_URL)
    if keys := server.keys("limit:*"):
        server.delete(*keys)


@pytest.fixture
def few(settings):
    """So few requests a minute that a test can use them up."""
    forget()
    settings.RATE_LIMITS = {"key": 3, "person": 9, "address": 4, "password": 2}
    yield settings.RATE_LIMITS
    forget()


@pytest.fixture
def city(db):
    cache.clear()
    return town.found(at=timezone.now())


@pytest.fixture
def nobody_counts(monkeypatch):
    """Redis is away."""

    def away(**_request):
        raise redis.ConnectionError

    monkeypatch.setattr(limits, "_counter", lambda: away)


def statuses(ask, times):
    return [ask().status_code for _ in range(times)]


def test_a_key_is_told_what_is_left_and_when_to_come_again(city, few):
    bob = Caller("bob", "orders:read")

    answers = [bob.get("orders/") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"key";q=3;w=60, "person";q=9;w=60'
    assert [a["RateLimit"].split(";t=")[0] for a in answers] == [f'"key";r={left}' for left in (2, 1, 0, 0)]
    assert [a["X-RateLimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
    assert (answers[3]["X-RateLimit-Limit"], answers[3]["Content-Type"]) == ("3", "application/problem+json")
    assert 1 <= int(answers[3]["Retry-After"]) <= 60
    assert answers[3].json()["code"] == "throttled"
    assert f"{answers[3]['Retry-After']} 秒" in answers[3].json()["title"]


def test_many_keys_are_still_one_person(city, few):
    first, second = Caller("bob", "orders:read"), Caller("bob", "orders:read")

    few["person"] = 7  # of which two went for the keys

    assert statuses(lambda: first.get("orders/"), 3) == [200] * 3
    assert statuses(lambda: second.get("orders/"), 3) == [200, 200, 429]


def test_one_persons_haste_is_not_anothers(city, few):
    bob, alice = Caller("bob", "orders:read"), Caller("alice", "orders:read")
    statuses(lambda: bob.get("orders/"), 4)

    assert alice.get("orders/").status_code == 200


def test_who_shows_no_key_is_counted_by_address(city, few):
    assert statuses(lambda: Client().get("/api/v1/plans/"), 5) == [200] * 4 + [429]
    assert Client().get("/api/v1/plans/", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_whoever_tries_keys_is_slowed_down(city, few):
    http = Client(headers={"authorization": "Bearer pc_live_wrong"})

    answers = [http.get("/api/v1/orders/") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [401] * 4 + [429]
    assert int(answers[4]["Retry-After"]) <= 60


def test_a_person_in_a_hurry_reads_a_page(city, few):
    browser = Client()
    assert statuses(lambda: browser.get("/help/"), 4) == [200] * 4

    page = browser.get("/help/")

    assert (page.status_code, "操作过于频繁" in page.content.decode()) == (429, True)
    assert 1 <= int(page["Retry-After"]) <= 60
    assert statuses(lambda: browser.get("/healthz"), 9) == [200] * 9


def try_password(word="wrong"):
    secret = base64.b64encode(f"bob:{word}".encode()).decode()
    return Client().post("/api/v1/tokens/", headers={"authorization": f"Basic {secret}"})


def test_passwords_are_tried_slowly(city, few):
    assert statuses(try_password, 3)[2] == 429


def test_when_nobody_counts_reading_goes_on_and_the_door_stays_shut(city, few, nobody_counts):
    bob = Client()
    bob.force_login(city.bob, backend=BACKEND)

    answer = try_password()

    assert statuses(lambda: bob.get("/api/v1/orders/"), 9) == [200] * 9
    assert statuses(lambda: bob.get("/orders/"), 9) == [200] * 9
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert answer["Retry-After"] == "60"


def test_threads_that_ask_at_once_share_one_allowance(few):
    gate, seen = threading.Barrier(8), []

    def ask():
        gate.wait(timeout=20)
        for _ in range(5):
            seen.append(limits.take(key="one")[0].used)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(seen) == list(range(1, 41))


def test_a_window_ends_by_itself(few):
    limits.take(key="one")

    assert 0 < redis.Redis.from_url(settings.REDIS_URL).pttl("limit:key:one") <= 60_000
