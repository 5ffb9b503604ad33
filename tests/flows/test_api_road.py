"""The whole road by HTTP alone: a key, an offer, an order, its log, its bill, the statement."""

import base64
import json
import uuid

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from config.demo.data import PASSWORD
from config.demo.factors import code_now
from marketplace.billing.tasks import bill_finished_orders
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders.models import Order
from marketplace.orders.tasks import follow_approvals
from marketplace.settlement import queries as books
from tests import city as town
from tests.city import run


@pytest.fixture
def city(db):
    cache.clear()  # the count of tried passwords
    return town.found(at=timezone.now())


class Caller:
    """A program with a key."""

    def __init__(self, username, *scopes):
        self.http = Client(headers={"accept-language": "zh-hans"})
        word = base64.b64encode(f"{username}:{PASSWORD}".encode()).decode()
        answer = self.http.post(
            "/api/v1/tokens/",
            json.dumps({"name": "test", "scopes": scopes, "code": code_now(username) or ""}),
            content_type="application/json",
            headers={"authorization": f"Basic {word}"},
        )
        assert answer.status_code == 201, answer.content
        self.key = answer.json()["secret"]

    def _headers(self, more):
        return {"authorization": f"Bearer {self.key}", **more}

    def get(self, path, **more):
        return self.http.get(f"/api/v1/{path}", headers=self._headers(more))

    def post(self, path, body=None, **more):
        return self.http.post(
            f"/api/v1/{path}",
            json.dumps(body or {}),
            content_type="application/json",
            headers=self._headers(more),
        )


ORDER = {
    "plan": "unicom-h800",
    "project": "PJ-LUDAO-LAB",
    "cards": 8,
    "hours": "1",
    "command": "python train.py",
    "files": [{"path": "train.py", "content": "print('你好')"}],
}


@pytest.fixture
def bob(city):
    return Caller("bob", "orders:read", "orders:write", "wallet:read")


def test_find_order_run_bill_settle(city, bob):
    offers = bob.get("plans/?accelerator=h800&cards=8&hours=1").json()["results"]
    assert [(o["code"], o["amount"], o["amount_after_vouchers"]) for o in offers] == [
        ("unicom-h800", "188.16", "118.55")
    ]

    quote = bob.post("orders/?dry_run=true", ORDER).json()
    assert (quote["amount"], quote["vouchers"], quote["amount_after_vouchers"]) == (
        "188.16",
        "69.61",
        "118.55",
    )
    assert Order.objects.count() == 0

    placed = bob.post("orders/", ORDER, **{"idempotency-key": "road-1"})
    assert placed.status_code == 201
    code = placed.json()["code"]
    replay = bob.post("orders/", ORDER, **{"idempotency-key": "road-1"})
    assert (replay.status_code, replay.json()["code"], replay["Idempotent-Replayed"]) == (201, code, "true")

    why = bob.get(f"orders/{code}/placement/").json()
    assert why[0]["is_chosen"] and why[0]["cluster"] == "unicom-haicang"
    assert all(row["sentences"] for row in why)

    run(Order.objects.get(code=code), seconds=1800, at=timezone.now())
    bill_finished_orders()
    order = bob.get(f"orders/{code}/").json()
    assert (order["status"], order["billed_amount"], order["workload"]["status"]) == (
        "billed",
        "94.08",
        "succeeded",
    )
    line = bob.get("bills/").json()["results"][0]
    assert (line["order"], line["seconds"], line["gross"], line["voucher"], line["cash"]) == (
        code,
        1800,
        "94.08",
        "34.80",
        "59.28",
    )
    assert bob.get("wallet/").json() == {
        "organization": "EN-LUDAO",
        "currency": "CNY",
        "available": "199940.72",
        "held": "0.00",
        "credit_free": "0.00",
        "owed": "0.00",
    }

    finance = Caller("finance", "settlement:read", "settlement:write")
    closed = finance.post("statements/")
    assert [(s["party"], s["net"]) for s in closed.json()] == [
        ("unicom", "89.38"),
        ("PG-CITY-2026", "25.40"),
        ("PG-SIMING-2026", "9.40"),
    ]
    unicom = Caller("unicom", "settlement:read")
    assert [s["party"] for s in unicom.get("statements/").json()["results"]] == ["unicom"]
    assert books.breaks() == []


def test_a_second_person_approves_over_http(city, bob):
    placed = bob.post(
        "orders/", ORDER | {"project": "PJ-LUDAO-MODEL", "hours": "10"}, **{"idempotency-key": "big"}
    ).json()
    assert placed["status"] == "awaiting_approval"
    fiona = Caller("fiona", "orders:read", "approvals:write")

    waiting = fiona.get("approvals/").json()["results"][0]
    decided = fiona.post(f"approvals/{waiting['code']}/decision/", {"approve": True})
    follow_approvals()

    assert (waiting["subject_code"], decided.json()["status"]) == (placed["code"], "approved")
    assert bob.get(f"orders/{placed['code']}/").json()["status"] == "confirmed"


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"cards": 0}, 422, "invalid", "/cards"),
        ({"cards": 257}, 422, "cards_out_of_range", "/cards"),
        ({"cards": 100}, 409, "nowhere_to_run", "/cards"),
        ({"hours": "-1"}, 422, "invalid", "/hours"),
        ({"hours": "1.234"}, 422, "invalid", "/hours"),
        ({"plan": "nothing"}, 422, "invalid", "/plan"),
        ({"project": "PJ-YUNDING"}, 422, "invalid", "/project"),
        ({"vouchers": ["VC000000-NOTMINE1"]}, 422, "voucher_unknown", "/vouchers"),
        ({"files": [{"path": "../../etc/passwd", "content": ""}]}, 422, "bad_files", "/files"),
        ({"files": "train.py"}, 422, "invalid", "/files"),
        ({"command": ""}, 422, "invalid", "/command"),
    ],
)
def test_bad_input_is_a_problem_that_moves_nothing(city, bob, change, status, code, pointer):
    answer = bob.post("orders/", ORDER | change, **{"idempotency-key": uuid.uuid4().hex})

    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status)
    assert answer["Content-Type"] == "application/problem+json"
    assert body["errors"][0]["pointer"].startswith(pointer)
    assert Order.objects.count() == 0
    assert balance(Kind.PREPAID, "EN-LUDAO") == 20_000_000


def test_a_replayed_key_with_another_body_is_refused(city, bob):
    bob.post("orders/", ORDER, **{"idempotency-key": "same"})

    answer = bob.post("orders/", ORDER | {"cards": 2}, **{"idempotency-key": "same"})

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_an_order_without_a_key_is_refused(city, bob):
    answer = bob.post("orders/", ORDER)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"
    assert Order.objects.count() == 0


def test_a_program_without_the_scope_is_told_which_one(city):
    reader = Caller("bob", "orders:read")

    answer = reader.post("orders/", ORDER, **{"idempotency-key": "k"})

    assert answer.status_code == 403
    assert "orders:write" in answer.json()["title"]


def test_a_stranger_finds_nothing(city, bob):
    code = bob.post("orders/", ORDER, **{"idempotency-key": "mine"}).json()["code"]
    charlie = Caller("charlie", "orders:read", "orders:write")

    assert charlie.get(f"orders/{code}/").status_code == 404
    assert charlie.post(f"orders/{code}/cancel/").status_code == 404
    assert charlie.get("orders/").json()["results"] == []


def test_no_key_no_entry(city):
    answer = Client().get("/api/v1/orders/")

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_a_revoked_key_opens_nothing(city, bob):
    from portal.tokens.models import ApiToken

    ApiToken.objects.update(revoked_at=timezone.now())

    assert bob.get("orders/").status_code == 401


def test_problems_speak_the_readers_language(city, bob):
    answer = bob.post("orders/", ORDER | {"cards": 257}, **{"idempotency-key": "k", "accept-language": "en"})

    assert "between 1 and 256" in answer.json()["title"]
