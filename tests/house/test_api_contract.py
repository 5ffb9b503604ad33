"""The API's document is a promise: whatever a program sends, the answer is one that the document names."""

import base64
from datetime import timedelta

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.demo.data import PASSWORD
from marketplace.settlement import actions as settlement
from portal.accounts.models import User
from portal.approvals.models import Approval
from portal.tokens import actions as tokens
from portal.tokens.scopes import SCOPES
from subsidies.vouchers.models import Voucher
from tests import city as town
from tests.city import bill, place, run
from tests.entrance import BACKEND

PEOPLE = ("bob", "alice", "officer", "finance", "unicom")
# Whose work a part of the API is, by the longest beginning of its path; the rest is a buyer's.
WHOSE = {
    "adjustments": "finance",
    "approvals": "alice",
    "audit-events": "alice",
    "bank-files": "finance",
    "bank-lines": "finance",
    "clusters": "officer",
    "credit-lines": "finance",
    "invoices": "alice",
    "monthly-bills": "alice",
    "payments": "alice",
    "payout": "finance",
    "programmes": "officer",
    "receipts": "finance",
    "settlement-terms": "finance",
    "vouchers": "officer",
    "statements": "finance",
    "statements/{code}/": "unicom",
    "webhooks": "alice",
}
# The checks read the bytes as they come.
AS_IT_IS = {"Accept-Encoding": "identity"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# What a program would have read elsewhere before it asks; a word in capitals stands for a code of the day.
KNOWN = {
    "plan": ["unicom-h800"],
    "project": ["PJ-LUDAO-LAB", "PJ-LUDAO-MODEL"],
    "organization": ["EN-LUDAO"],
    "vouchers": [["VOUCHER"]],
    "method": ["transfer"],
    "hours": ["1", "0.50"],
    "cards": [8],
    "expires_at": ["2099-01-01T00:00:00+08:00"],
    "/orders/": ["ORDER", "WAITING"],
    "/approvals/": ["APPROVAL"],
    "/payments/": ["PAYMENT"],
    "/statements/": ["STATEMENT"],
    "/monthly-bills/": ["MONTHLY_BILL"],
    "/programmes/": ["PG-CITY-2026"],
    "/plans/": ["unicom-h800"],
    "/webhooks/": ["WEBHOOK"],
    "list": ["orders", "bills"],
    "query": ["status=billed", "ordering=-amount"],
    "/exports/": ["EXPORT"],
    "/operations/": ["EXPORT", "ORDER"],
    "url": ["https://93.184.216.34/hook"],
}


def promise() -> dict:
    """The document as served, with known values among those that its parameters may take."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Request"):
            for field, part in schema["properties"].items():
                if field in KNOWN:
                    schema["properties"][field] = {"anyOf": [{"enum": KNOWN[field]}, part]}
    for path, item in document["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    room = path.removeprefix("/api/v1").split("{")[0]
                    parameter["schema"] = {"anyOf": [{"enum": KNOWN[room]}, parameter["schema"]]}
    return document


api = schemathesis.openapi.from_dict(promise())
api.app = get_wsgi_application()


@pytest.fixture(scope="module")
def programs(django_db_setup, django_db_blocker):
    """A city with one of everything, keys of several people, and the codes of the day."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with django_db_blocker.unblock(), transaction.atomic():
        now = timezone.now()
        city = town.found(at=now)
        order = place(city, at=now)
        run(order, seconds=1800, at=now)
        bill(order, at=now)
        waiting = place(city, key="k2", at=now, project=city.model, hours="10")
        closed = settlement.close(until=now + timedelta(seconds=1), by=None, at=now + timedelta(seconds=1))
        keys = {
            name: tokens.issue(
                by=getattr(city, name),
                organization=getattr(city, name).memberships.first().organization,
                name="contract",
                scopes=list(SCOPES),
                days=1,
                at=now,
            )[1]
            for name in PEOPLE
        }
        codes = {
            "ORDER": order.code,
            "WAITING": waiting.code,
            "APPROVAL": Approval.objects.get(subject_code=waiting.code).code,
            "PAYMENT": town.transfer(city, at=now).code,
            "STATEMENT": closed[0].code,
            "MONTHLY_BILL": town.monthly_bills(at=now)[0].code,
            "EXPORT": town.written_export(city.bob).code,
            "WEBHOOK": town.listener(city, at=now).code,
            "VOUCHER": Voucher.objects.filter(organization=city.ludao).first().code,
        }
        yield keys, codes
        transaction.set_rollback(True)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def of_today(value, codes):
    """The same value with the codes of the day in the place of the words that stand for them."""
    if isinstance(value, dict):
        return {key: of_today(part, codes) for key, part in value.items()}
    if isinstance(value, list):
        return [of_today(part, codes) for part in value]
    return codes.get(value, value) if isinstance(value, str) else value


def credentials(path, keys) -> dict:
    """Whose work this part of the API is; a key itself is given for a name and a password."""
    path = path.removeprefix("/api/v1/")
    if path == "tokens/":
        return {"auth": ("bob", PASSWORD)}
    parts = sorted((part for part in WHOSE if path.startswith(part)), key=len)
    return {"headers": {"Authorization": f"Bearer {keys[WHOSE[parts[-1]] if parts else 'bob']}"} | AS_IT_IS}


@api.parametrize()
@settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_document_names(case, programs):
    keys, codes = programs
    case.path_parameters = of_today(case.path_parameters, codes)
    case.body = of_today(case.body, codes)

    for known in ({}, credentials(case.operation.path, keys)):
        cache.clear()  # the count of tried passwords
        with transaction.atomic():
            answer = case.call(**{"headers": AS_IT_IS} | known)
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)
    # Only an export may name a list of another office.
    if case.operation.path != "/api/v1/exports/":
        assert answer.status_code not in (401, 403), case.operation.label


def operations() -> list:
    return [
        pytest.param(method, path, operation, id=f"{method} {path}")
        for path, item in promise()["paths"].items()
        for method, operation in item.items()
    ]


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_without_a_key_the_door_is_shut_where_the_document_says_so(db, method, path, operation):
    cache.clear()
    answer = getattr(Client(), method)(path.replace("{code}", "NONE"))

    is_public = {} in operation["security"]
    assert (answer.status_code == 401) != is_public


ORDER = '{"plan": "unicom-h800", "project": "PJ-LUDAO-LAB", "cards": 1, "hours": "1", "command": "true", "files": [%s]}'
JSON = "application/json"


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("plans/?q=%00", None, None, 400),
        ("orders/%00/", None, None, 400),
        ("orders/a%2Fb/", None, None, 404),
        ("orders/?cursor=cD1hYmM%3D", None, None, 404),
        ("orders/?cursor=cD0lMDA%3D", None, None, 404),
        ("orders/?cursor=%ff", None, None, 404),
        (f"orders/?cursor={'9' * 999}&limit={'9' * 999}", None, None, 404),
        ("orders/?format=xml", None, None, 404),
        ("orders/", "[" * 100_000, JSON, 400),
        ("orders/", "{", JSON, 400),
        ("orders/", b"\xff\xfe", JSON, 400),
        ("orders/", '{"cards": NaN}', JSON, 400),
        ("orders/", f'{{"cards": {"9" * 5000}}}', JSON, 400),
        ("orders/", '{"cards": 1e999, "hours": "Infinity"}', JSON, 422),
        ("orders/", "[]", JSON, 422),
        ("orders/", '{"plan": "\\u0000", "project": "\\ud800"}', JSON, 422),
        ("orders/", ORDER % '{"path": "a", "content": "\\ud800"}', JSON, 422),
        ("orders/", ORDER % '{"path": "\\u0000", "content": ""}', JSON, 422),
        ("orders/", ORDER % '{"path": "\\ud800", "content": ""}', JSON, 422),
        ("orders/", ORDER % '{"path": 1}', JSON, 422),
        ("orders/", ORDER % "7", JSON, 422),
        ("orders/", "a=b", "application/x-www-form-urlencoded", 415),
        ("orders/", "x", "multipart/form-data", 400),
        ("orders/", "x", "nonsense; charset=\\", 415),
        ("receipts/", '{"organization": "\\u0000", "received_on": "0000-00-00", "amount": "NaN"}', JSON, 422),
        ("statements/", '{"until": "9999-12-31T23:59:59-12:00"}', JSON, 422),
        ("statements/", '{"until": "0001-01-01T00:00:00+14:00"}', JSON, 422),
    ],
)
def test_odd_input_is_the_callers_mistake(programs, path, body, kind, status):
    keys, _codes = programs
    person = "finance" if path.startswith(("receipts", "statements")) else "bob"
    http = Client(
        headers={"authorization": f"Bearer {keys[person]}", "idempotency-key": "odd"},
        raise_request_exception=False,
    )

    with transaction.atomic():
        answer = (
            http.get(f"/api/v1/{path}")
            if body is None
            else http.post(f"/api/v1/{path}", body, content_type=kind)
        )
        transaction.set_rollback(True)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    "query", ["q=%00", "cursor=%00", "cursor=cD1hYmM%3D", "page=-1&month=0000-13&from=9999-99-99"]
)
@pytest.mark.parametrize(
    "page", ["marketplace", "orders", "bills", "audit", "statements", "vouchers", "receipts"]
)
def test_odd_addresses_of_pages_are_answered(programs, page, query):
    person = User.objects.get(username="finance" if page in ("receipts", "statements") else "alice")
    http = Client(raise_request_exception=False)
    http.force_login(person, backend=BACKEND)

    answer = http.get(f"/{page}/?{query}")

    assert answer.status_code == (400 if "%00" in query else 200)


def test_a_cookie_of_null_characters_is_refused(programs):
    http = Client(headers={"cookie": 'sessionid="' + r"\000" * 32 + '"'}, raise_request_exception=False)

    assert http.get("/desk/").status_code == 400


def test_a_name_of_null_characters_is_nobodys(programs):
    cache.clear()
    word = base64.b64encode(b"\0:x").decode()
    http = Client(headers={"authorization": f"Basic {word}"}, raise_request_exception=False)

    assert http.post("/api/v1/tokens/").status_code == 401
