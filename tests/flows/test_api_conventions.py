"""What every program may rely on: pages, conditions, order, fields, tags, trials."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from config.api_examples import NEXT_MONTH
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders.models import Order
from marketplace.payments.models import Payment
from portal.approvals.models import Approval
from portal.audit.models import Event
from portal.organizations.models import Organization
from scheduler.workloads.models import Workload
from subsidies.vouchers.models import Voucher
from tests import city as town
from tests.city import bill, place, run
from tests.entrance import BACKEND
from tests.flows.test_api_road import ORDER, Caller


@pytest.fixture
def city(db):
    cache.clear()
    return town.found(at=timezone.now())


@pytest.fixture
def bob(city):
    return Caller("bob", "market:read", "orders:read", "orders:write", "wallet:read")


@pytest.fixture
def five(city):
    """Five orders of one card for one to five hours, oldest first."""
    now = timezone.now()
    return [
        place(city, key=f"k{hours}", cards=1, hours=str(hours), at=now + timedelta(seconds=hours)).code
        for hours in range(1, 6)
    ]


def codes(answer):
    return [row["code"] for row in answer.json()["results"]]


def after(url):
    """The part of an address behind the API's root."""
    return url.split("/api/v1/")[1]


# --- pages and their order ---------------------------------------------------------------------------
def test_pages_lead_to_each_other_in_body_and_header(bob, five):
    first = bob.get("orders/?limit=2")
    second = bob.get(after(first.json()["next"]))
    third = bob.get(after(re.search(r'<([^>]+)>; rel="next"', second["Link"])[1]))
    back = bob.get(after(third.json()["previous"]))

    assert [codes(first), codes(second), codes(third)] == [[five[4], five[3]], [five[2], five[1]], [five[0]]]
    assert codes(back) == codes(second)
    assert first.json()["previous"] is None and third.json()["next"] is None
    assert re.findall(r'rel="(\w+)"', second["Link"]) == ["next", "prev"]


def test_an_order_asked_for_goes_on_over_pages(bob, five):
    first = bob.get("orders/?ordering=hours&limit=3")
    second = bob.get(after(first.json()["next"]))

    assert codes(first) + codes(second) == five
    assert codes(bob.get("orders/?ordering=-amount&limit=1")) == [five[4]]


def test_a_limit_beyond_two_hundred_is_two_hundred(bob, five):
    assert len(codes(bob.get("orders/?limit=999"))) == 5
    assert codes(bob.get("orders/?limit=0")) == codes(bob.get("orders/"))


# --- conditions and fields ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("status=confirmed", 5),
        ("status=billed", 0),
        ("project=PJ-LUDAO-LAB", 5),
        ("project=PJ-LUDAO-MODEL", 0),
        ("since=2099-01-01", 0),
        ("until=2099-01-01", 5),
    ],
)
def test_the_conditions_of_the_page_are_those_of_the_api(bob, city, five, client, query, count):
    client.force_login(city.bob, backend=BACKEND)
    page = client.get(f"/orders/?{query}").content.decode()

    assert len(codes(bob.get(f"orders/?{query}"))) == count
    assert len(set(re.findall(r"/orders/(OD[^/]+)/", page))) == count


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=sold", "/status"),
        ("project=PJ-YUNDING", "/project"),
        ("since=yesterday", "/since"),
        ("ordering=organization", "/ordering"),
        ("fields=code,secret", "/fields"),
        (f"q={'x' * 81}", "/q"),
    ],
)
def test_a_condition_that_makes_no_sense_is_told(bob, five, query, pointer):
    answer = bob.get(f"orders/?{query}")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_only_the_fields_asked_for_are_sent(bob, five):
    rows = bob.get("orders/?fields=code,cards&ordering=hours&limit=1").json()["results"]

    assert rows == [{"code": five[0], "cards": 1}]


def test_accelerators_are_searched_and_ordered_like_their_page(bob):
    found = bob.get("accelerators/?q=ascend&ordering=-memory_gb&fields=code").json()

    assert found == bob.get("accelerators/?q=ascend&ordering=-memory_gb&fields=code").json()
    assert all(set(row) == {"code"} for row in found)
    assert len(bob.get("accelerators/").json()) > len(found)


# --- tags --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["orders/", "orders/{}/", "wallet/", "plans/"])
def test_what_was_read_before_is_not_sent_again(bob, five, path):
    path = path.format(five[0])
    first = bob.get(path)

    again = bob.get(path, **{"if-none-match": f'"other", {first["ETag"]}'})
    weakened = bob.get(path, **{"if-none-match": f"W/{first['ETag']}"})

    assert re.fullmatch(r'"[0-9a-f]{32}"', first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert weakened.status_code == 304
    assert bob.get(path, **{"if-none-match": '"other"'}).status_code == 200


def test_a_change_is_another_tag(bob, five):
    before = bob.get(f"orders/{five[0]}/")["ETag"]
    bob.post(f"orders/{five[0]}/cancel/")

    assert bob.get(f"orders/{five[0]}/", **{"if-none-match": before}).status_code == 200


@pytest.mark.parametrize(
    ("by", "path", "wish"),
    [
        ("alice", "payments/", {"method": "transfer", "amount": "100.00"}),
        ("alice", "invoices/", {"amount": "1.00"}),
        (
            "officer",
            "programmes/PG-CITY-2026/vouchers/",
            {"organization": "EN-LUDAO", "amount": "100.00", "expires_at": NEXT_MONTH},
        ),
    ],
)
def test_a_key_used_again_says_so_and_does_nothing_more(city, by, path, wish):
    used = place(city, key="used", cards=1, at=timezone.now())
    run(used, seconds=3600, at=timezone.now())
    bill(used, at=timezone.now())
    caller = Caller(by, "wallet:write", "wallet:read", "subsidies:write")

    first = caller.post(path, wish, **{"idempotency-key": "once"})
    again = caller.post(path, wish, **{"idempotency-key": "once"})
    other = caller.post(path, wish | {"amount": "101.00"}, **{"idempotency-key": "once"})

    assert (first.status_code, first.get("Idempotent-Replayed")) == (201, None)
    assert (again.status_code, again["Idempotent-Replayed"], again.json()) == (201, "true", first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_nobody_cancels_what_has_changed_since_it_was_read(bob, city, five):
    read = bob.get(f"orders/{five[0]}/")["ETag"]
    Order.objects.filter(code=five[0]).update(name="renamed")

    refused = bob.post(f"orders/{five[0]}/cancel/", **{"if-match": read})

    assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
    assert Order.objects.get(code=five[0]).cancel_requested_at is None
    fresh = bob.get(f"orders/{five[0]}/")["ETag"]
    assert bob.post(f"orders/{five[0]}/cancel/", **{"if-match": f"W/{fresh}"}).status_code == 202
    assert Order.objects.get(code=five[0]).cancel_requested_at is not None


def test_nobody_approves_what_has_changed_since_it_was_read(bob, city):
    bob.post("orders/", ORDER | {"project": "PJ-LUDAO-MODEL", "hours": "10"}, **{"idempotency-key": "big"})
    fiona = Caller("fiona", "orders:read", "approvals:write")
    waiting = Approval.objects.get()
    read = fiona.get(f"approvals/{waiting.code}/")

    refused = fiona.post(f"approvals/{waiting.code}/decision/", {"approve": True}, **{"if-match": '"old"'})

    assert (refused.status_code, read.json()["status"]) == (412, "pending")
    assert Approval.objects.get().status == "pending"
    decided = fiona.post(
        f"approvals/{waiting.code}/decision/", {"approve": True}, **{"if-match": read["ETag"]}
    )
    assert decided.json()["status"] == "approved"


# --- trials ------------------------------------------------------------------------------------------
def untouched():
    return (
        Order.objects.count(),
        Workload.objects.count(),
        Voucher.objects.count(),
        Event.objects.exclude(name="token.issued").count(),
        balance(Kind.PREPAID, "EN-LUDAO"),
    )


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({}, 200, None),
        ({"cards": 100}, 409, "nowhere_to_run"),
        ({"cards": 257}, 422, "cards_out_of_range"),
        ({"vouchers": ["VC000000-NOTMINE1"]}, 422, "voucher_unknown"),
    ],
)
def test_a_trial_answers_like_the_order_and_leaves_nothing(bob, change, status, code):
    before = untouched()

    trial = bob.post("orders/?dry_run=true", ORDER | change)

    assert (trial.status_code, trial.json().get("code")) == (status, code)
    assert untouched() == before
    if code:
        real = bob.post("orders/", ORDER | change, **{"idempotency-key": "k"})
        assert (real.status_code, real.json()["code"]) == (status, code)


def test_an_unverified_firm_learns_so_from_a_trial(bob):
    Organization.objects.filter(code="EN-LUDAO").update(verified_at=None)

    assert bob.post("orders/?dry_run=true", ORDER).json()["code"] == "not_verified"


def test_a_trial_of_a_voucher_leaves_the_pool_as_it_was(city):
    officer = Caller("officer", "subsidies:read", "subsidies:write")
    wish = {"organization": "EN-LUDAO", "amount": "100.00", "expires_at": NEXT_MONTH}
    before, pool = untouched(), balance(Kind.POOL, "PG-CITY-2026")

    trial = officer.post("programmes/PG-CITY-2026/vouchers/?dry_run=true", wish)
    refused = officer.post(
        "programmes/PG-CITY-2026/vouchers/?dry_run=true", wish | {"expires_at": "2099-01-01T00:00:00Z"}
    )

    assert trial.status_code == 200, trial.content
    assert trial.json()["pool_left"] == f"{(pool - 10_000) / 100:.2f}"
    assert (refused.status_code, refused.json()["code"]) == (422, "expiry_out_of_range")
    assert (untouched(), balance(Kind.POOL, "PG-CITY-2026")) == (before, pool)


def test_any_write_can_be_rehearsed_and_leaves_nothing(city):
    finance = Caller("finance", "settlement:read", "settlement:write")
    arrival = {
        "organization": "EN-LUDAO",
        "amount": "100.00",
        "received_on": "2026-11-20",
        "bank_reference": "CMB-1",
    }
    before = untouched()

    tried = finance.post("receipts/?dry_run=true", arrival)
    refused = finance.post("receipts/?dry_run=true", arrival | {"amount": "-1.00"})
    untouched_then = untouched()
    real = finance.post("receipts/", arrival)

    assert (tried.status_code, tried["Dry-Run"], refused.status_code) == (201, "true", 422)
    assert untouched_then == before
    assert (real.status_code, "Dry-Run" in real) == (201, False)


def test_a_rehearsal_needs_no_key(city):
    alice = Caller("alice", "wallet:write")

    tried = alice.post("payments/?dry_run=true", {"method": "transfer", "amount": "100.00"})

    assert tried.status_code == 201
    assert not Payment.objects.exists()


@pytest.mark.parametrize("query", ["dry_run=true", "dry_run=1"])
def test_a_write_that_knows_no_rehearsal_does_nothing_when_asked_for_one(city, query):
    alice = Caller("alice", "webhooks:read", "webhooks:write")

    answer = alice.post(
        f"webhooks/?{query}", {"url": "https://93.184.216.34/hook", "events": ["order.billed"]}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "no_dry_run")
    assert alice.get("webhooks/").json()["results"] == []
