"""What an answer names by its code is sent whole where the caller may read it: one level, one question for each name."""

import json

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from jsonschema import Draft202012Validator

from config.api_changes import PROMISED
from marketplace.catalogue.models import Plan
from marketplace.orders.models import Order
from marketplace.payments.models import Payment
from portal.approvals.models import Approval
from tests import city as town
from tests.city import bill, place, run
from tests.flows.test_api_road import Caller

SCOPES = ("orders:read", "orders:write", "wallet:read", "settlement:read", "subsidies:read")
# Whose work a list is; the rest is a firm's.
WHOSE = {"adjustments": "finance", "payouts": "finance", "vouchers": "officer"}


@pytest.fixture
def city(db):
    cache.clear()
    return town.found(at=timezone.now())


@pytest.fixture
def order(city):
    return place(city, at=timezone.now())


@pytest.fixture
def bob(city):
    return Caller("bob", "orders:read", "orders:write")


@pytest.fixture
def rows(city, order):
    """One of everything that names something else; the codes of what has an address of its own."""
    now = timezone.now()
    run(order, seconds=600, at=now)
    bill(order, at=now)
    waiting = place(city, key="waiting", at=now, project=city.model, cards=1, hours="100")
    paid = town.paid_online(city, at=now)
    town.stuck_refund(city, paid, at=now)
    town.payout(city, at=now)
    payment = town.transfer(city, at=now)
    Payment.objects.filter(id=payment.id).update(purpose="order", order_code=order.code)
    return {
        "orders": order.code,
        "approvals": Approval.objects.get(subject_code=waiting.code).code,
        "payments": payment.code,
    }


def first(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"][0]


# --- what stands there --------------------------------------------------------------------------------
def test_an_order_holds_its_plan_and_project_as_they_are_answered_elsewhere(bob, order):
    plain = bob.get(f"orders/{order.code}/").json()

    whole = bob.get(f"orders/{order.code}/?expand=plan,project").json()

    assert whole["plan"] == bob.get(f"plans/{order.plan.code}/").json()
    assert whole["project"] == next(
        row for row in bob.get("projects/").json()["results"] if row["code"] == order.project.code
    )
    assert whole | {"plan": order.plan.code, "project": order.project.code} == plain


def test_names_come_with_commas_or_one_by_one(bob, order):
    by_comma = bob.get("orders/?expand=plan,project").json()

    assert bob.get("orders/?expand=plan&expand=project").json() == by_comma
    assert isinstance(by_comma["results"][0]["plan"], dict)
    assert first(bob.get("orders/?expand=plan"))["project"] == order.project.code


@pytest.mark.parametrize(
    ("who", "path", "name", "address"),
    [
        ("alice", "bills/", "order", "orders/"),
        ("alice", "approvals/?status=pending", "subject_code", "orders/"),
        ("alice", "payments/", "order_code", "orders/"),
        ("alice", "refunds/", "payment", "payments/"),
        ("finance", "payouts/", "subject", "statements/"),
    ],
)
def test_what_stands_there_is_what_its_address_answers(rows, who, path, name, address):
    caller = Caller(who, *SCOPES)
    code = first(caller.get(path))[name]

    whole = first(caller.get(f"{path}{'&' if '?' in path else '?'}expand={name}"))[name]

    assert whole == caller.get(f"{address}{code}/").json()


@pytest.mark.parametrize(
    ("who", "path", "name", "other"),
    [("officer", "vouchers/", "programme", "programmes/"), ("bob", "budgets/", "project", "projects/")],
)
def test_what_has_no_address_is_as_its_list_answers_it(city, who, path, name, other):
    caller = Caller(who, *SCOPES)

    whole = first(caller.get(f"{path}?expand={name}"))[name]

    assert whole in caller.get(other).json()["results"]


def test_only_one_level_is_sent_whole(rows):
    found = first(Caller("bob", "orders:read").get("bills/?expand=order"))["order"]

    assert (found["code"], found["plan"]) == (rows["orders"], "unicom-h800")


def test_fields_and_expansion_go_together(bob, order):
    assert set(first(bob.get("orders/?fields=code,plan&expand=plan,project"))) == {"code", "plan"}
    assert first(bob.get("orders/?fields=code,plan&expand=plan"))["plan"]["code"] == order.plan.code


def test_a_name_that_cannot_be_expanded_is_told_in_the_readers_language(bob, order):
    answer = bob.get("orders/?expand=plan,secret", **{"accept-language": "en"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/expand")
    said = answer.json()["errors"][0]["detail"]
    assert said == "secret cannot be expanded; what can be: project, plan, reservation, renews."


DOCUMENT = json.loads(PROMISED.read_text())


def promised() -> list[tuple[str, list[str]]]:
    return [
        (path.removeprefix("/api/v1/"), parameter["schema"]["items"]["enum"])
        for path, item in DOCUMENT["paths"].items()
        for parameter in item.get("get", {}).get("parameters", [])
        if parameter["name"] == "expand"
    ]


@pytest.mark.parametrize(("path", "names"), promised(), ids=str)
def test_every_address_that_promises_it_keeps_it(rows, path, names):
    room = path.split("/")[0]
    caller = Caller(WHOSE.get(room, "alice"), *SCOPES)
    schema = DOCUMENT["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["content"]["application/json"]
    path = path.format(code=rows.get(room))

    whole = caller.get(f"{path}?expand={','.join(names)}")

    assert whole.status_code == 200
    Draft202012Validator(schema["schema"] | {"components": DOCUMENT["components"]}).validate(whole.json())
    assert caller.get(f"{path}?expand=nothing").status_code == 422


# --- whose it is --------------------------------------------------------------------------------------
def test_a_key_that_may_not_read_it_is_told_which_scope_is_missing(city):
    officer = Caller("officer", "wallet:read")

    refused = officer.get("vouchers/?expand=programme")
    on_an_empty_page = officer.get("vouchers/?q=NOTHING&expand=programme")

    assert (refused.status_code, "subsidies:read" in refused.json()["title"]) == (403, True)
    assert on_an_empty_page.status_code == 403
    assert officer.get("vouchers/").status_code == 200


def test_a_person_whose_role_may_not_read_it_is_told_so(city):
    bob = Caller("bob", "wallet:read", "subsidies:read")

    assert bob.get("vouchers/?expand=programme").status_code == 403
    assert bob.get("programmes/").json()["title"] == bob.get("vouchers/?expand=programme").json()["title"]


def test_another_firms_order_keeps_its_code(city):
    order = place(city, project=city.model, hours="100", at=timezone.now())
    alice = Caller("alice", "orders:read")
    assert first(alice.get("approvals/?expand=subject_code"))["subject_code"]["code"] == order.code

    Order.objects.filter(id=order.id).update(organization_id=city.charlie.memberships.get().organization_id)

    assert first(alice.get("approvals/?expand=subject_code"))["subject_code"] == order.code


def test_a_plan_that_left_the_shelf_keeps_its_code(bob, order):
    Plan.objects.filter(code=order.plan.code).update(is_listed=False)

    assert bob.get(f"plans/{order.plan.code}/").status_code == 404
    assert bob.get(f"orders/{order.code}/?expand=plan").json()["plan"] == order.plan.code


# --- what it costs, and its tag -----------------------------------------------------------------------
def test_twelve_orders_cost_as_many_questions_as_two(city, bob):
    now = timezone.now()
    plans, path = ("unicom-h800", "mobile-rtx4090"), "orders/?expand=plan,project,renews,reservation"

    def fill(count):
        for number in range(count):
            wish = {"code": plans[number % 2], "project": (city.lab, city.model)[number % 2]}
            place(city, key=f"{count}-{number}", cards=1, at=now, **wish)

    fill(2)
    bob.get(path)
    with CaptureQueriesContext(connection) as few:
        bob.get(path)
    fill(10)
    with CaptureQueriesContext(connection) as many:
        answer = bob.get(path)

    assert {row["plan"]["code"] for row in answer.json()["results"]} == set(plans)
    assert (len(answer.json()["results"]), len(many)) == (12, len(few))


def test_an_expanded_answer_has_a_tag_of_its_own_and_writes_ask_about_the_plain_one(bob, order):
    path = f"orders/{order.code}/"
    plain, whole = bob.get(path)["ETag"], bob.get(f"{path}?expand=project")["ETag"]

    again = bob.get(f"{path}?expand=project", **{"if-none-match": whole})
    refused = bob.post(f"{path}cancel/", **{"if-match": whole})

    assert plain != whole
    assert again.status_code == 304
    assert (refused.status_code, Order.objects.get().cancel_requested_at) == (412, None)
    assert bob.post(f"{path}cancel/", **{"if-match": plain}).status_code in (200, 202)
