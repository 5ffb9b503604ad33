"""The log of what programs asked, and the page on which a developer begins."""

from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.utils import timezone

from portal.developers import actions as developers
from portal.developers import queries
from portal.developers.models import ApiCall
from portal.shell import limits
from portal.tokens import actions as tokens
from tests import city as town
from tests.flows.test_api_road import ORDER
from tests.portal.test_identity_applications import key_of


@pytest.fixture(autouse=True)
def nothing_waits(django_db_modify_db_settings):
    limits.server().delete(developers.QUEUE)


@pytest.fixture
def city(db):
    return town.found(at=timezone.now())


@pytest.fixture
def key(city):
    return give(city, city.bob)


def give(city, person, organization=None, scopes=("orders:read", "orders:write"), **more):
    return tokens.issue(
        organization=organization or city.ludao,
        name="ERP",
        scopes=scopes,
        days=30,
        by=person,
        at=timezone.now(),
        **more,
    )


def ask(secret, path="orders/", **more):
    return Client().get(f"/api/v1/{path}", headers={"authorization": f"Bearer {secret}"}, **more)


def place(secret):
    return Client(headers={"authorization": f"Bearer {secret}", "idempotency-key": "once"}).post(
        "/api/v1/orders/", ORDER, content_type="application/json"
    )


# --- the log -----------------------------------------------------------------------------------------
def test_a_request_is_on_the_log_as_a_pattern_with_its_answer(city, key):
    token, secret = key

    answer = ask(secret, "orders/OD-NONE/?q=words", REMOTE_ADDR="203.0.113.7")
    assert ApiCall.objects.count() == 0
    assert developers.write_down() == 1

    row = ApiCall.objects.get()
    assert (row.user, row.organization, row.key, row.key_name) == (city.bob, city.ludao, token.code, "ERP")
    assert (row.method, row.route, row.status) == ("GET", "api/v1/orders/<str:code>/", 404)
    assert (row.request_id, row.address) == (answer["X-Request-Id"], "203.0.113.7")
    assert secret not in str(vars(row)) and "words" not in str(vars(row))


def test_a_replay_and_a_refusal_are_marked(city, key):
    secret = key[1]
    place(secret)
    place(secret)
    ask(secret, "wallet/")
    developers.write_down()

    seen = ApiCall.objects.with_outcome().order_by("id").values_list("status", "is_replayed", "outcome")
    assert list(seen) == [(201, False, "succeeded"), (201, True, "succeeded"), (403, False, "rejected")]


def test_a_key_shown_from_a_forbidden_place_is_on_its_owners_log(city):
    token, secret = give(city, city.bob, networks=["203.0.113.0/24"])

    ask(secret)
    developers.write_down()

    assert ApiCall.objects.values_list("key", "status").get() == (token.code, 403)


def test_who_shows_no_key_is_on_nobodys_log(city):
    person = Client()
    person.force_login(city.bob)

    person.get("/api/v1/orders/")
    ask("pc_live_wrong")
    Client().get("/api/v1/plans/")

    assert developers.write_down() == 0


def test_a_connected_program_is_on_the_log_of_its_firm(city, client):
    erp, erp.secret = tokens.connect(
        organization=city.ludao, name="ERP", scopes={"orders:read"}, by=city.alice, at=timezone.now()
    )
    ask(key_of(erp))
    developers.write_down()

    assert ApiCall.objects.values_list("key", "organization__code").get() == (erp.code, "EN-LUDAO")


def test_the_owner_and_the_firms_administrator_read_it_and_nobody_else(city, key, client):
    request_id = ask(key[1])["X-Request-Id"]
    developers.write_down()
    found = {}

    for name in ("bob", "alice", "fiona", "charlie", "auditor"):
        client.force_login(getattr(city, name))
        found[name] = request_id in client.get("/developers/requests/").content.decode()

    assert found == {"bob": True, "alice": True, "fiona": False, "charlie": False, "auditor": False}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("outcome=rejected", 1),
        ("method=POST", 2),
        ("is_replayed=1", 1),
        ("is_replayed=0", 2),
        ("q=wallet", 1),
        ("until=2020-01-01", 0),
    ],
)
def test_the_log_is_narrowed_and_taken_along(city, key, client, query, count):
    secret = key[1]
    place(secret)
    place(secret)
    ask(secret, "wallet/")
    developers.write_down()
    client.force_login(city.bob)

    sheet = client.get(f"/lists/api-requests/export.csv?{query}").content.decode()

    assert len(sheet.splitlines()) - 1 == count


def test_without_redis_the_answer_goes_out_all_the_same(city, key, monkeypatch):
    def away():
        raise redis.ConnectionError

    monkeypatch.setattr(limits, "server", away)

    assert ask(key[1]).status_code == 200


def test_what_cannot_be_written_now_waits_in_its_order(city, key, monkeypatch):
    for path in ("orders/", "wallet/"):
        ask(key[1], path)
    waiting = limits.server().lrange(developers.QUEUE, 0, -1)
    monkeypatch.setattr(ApiCall.objects, "bulk_create", lambda rows: ApiCall.objects.raw("SELECT 1/0")[0])

    with pytest.raises(developers.DatabaseError):
        developers.write_down()

    assert limits.server().lrange(developers.QUEUE, 0, -1) == waiting


def test_when_nobody_writes_the_oldest_give_way(monkeypatch, city, key):
    monkeypatch.setattr(developers, "MOST_WAITING", 2)

    for path in ("orders/", "wallet/", "bills/"):
        ask(key[1], path)
    developers.write_down()

    assert list(ApiCall.objects.order_by("id").values_list("route", flat=True)) == [
        "api/v1/wallet/",
        "api/v1/bills/",
    ]


def test_requests_are_kept_thirty_days(city, key):
    ask(key[1])
    developers.write_down()
    now = timezone.now()

    assert developers.forget(at=now + timedelta(days=29)) == 0
    assert developers.forget(at=now + timedelta(days=31)) == 1


# --- the centre --------------------------------------------------------------------------------------
def test_usage_tells_todays_requests_and_what_is_left_of_this_minute(city, key, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"key": 10}
    token, secret = key
    limits.server().delete(f"limit:key:{token.code}")
    for path in ("orders/", "orders/", "wallet/"):
        ask(secret, path)
    developers.write_down()

    (one,) = queries.usage(city.bob, timezone.now())

    assert (one.row, one.asked, one.refused, one.left, one.most) == (token, 3, 1, 8, 10)
    assert queries.usage(city.charlie, timezone.now()) == []


def test_a_visitor_learns_how_to_begin_at_this_very_address(client, city):
    page = client.get("/developers/").content.decode()

    assert "export PORTAL=http://testserver" in page and "/api/v1/reference/#changes" in page
    assert "今日用量" not in page


def test_whoever_signed_in_sees_their_keys(client, city, key):
    client.force_login(city.bob)

    page = client.get("/developers/").content.decode()

    assert key[0].hint in page and key[1] not in page
