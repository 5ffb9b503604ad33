"""What was promised to programs is kept: the document in docs/ is the API's own, and it only grows."""

import ast
import copy
import json
from pathlib import Path

import pytest
from django.conf import settings

from config.api_changes import PROMISED, broken, present
from config.api_examples import EXAMPLES
from config.api_words import OPERATIONS, PROBLEMS

ROOT = Path(settings.BASE_DIR)
# Refusals that only pages and workers meet; a program never reads them.
ON_PAGES = {
    *("already_disconnected", "already_founded", "already_held", "already_submitted", "already_verified"),
    *(
        "bad_upload",
        "cannot_close",
        "cannot_grant",
        "cannot_explain",
        "cannot_refund",
        "cannot_silence",
        "cannot_withdraw",
        "code_unusable",
        "forbidden_address",
    ),
    *("hold_released", "invitation_unusable", "name_taken", "not_enough_cards", "not_for_you", "not_yours"),
    *("other_mailbox", "own_grant", "recusal", "separated_roles", "token_over", "unanswered"),
    *(
        "refund_too_high",
        "bad_offer",
        "bad_sheet",
        "already_recorded",
        "bad_order",
        "refused",
        "invalid_phone",
        "cannot_propose",
        "not_that_person",
    ),
    *("password_not_mixed", "password_of_this_place", "password_too_short", "password_used_before"),
}
# A statement can be handed in only once, a key fetched only where somebody has consented, and an example is run by everybody.
NO_EXAMPLE = {"bank_files_create", "device_logins_key_create"}
# Answers that are a list without pages, because they cannot grow.
WITHOUT_PAGES = {
    "accelerators_list": "the kinds of cards there are in the city",
    "orders_placement_list": "the clusters that were looked at for one order",
}
# What clusters answer to our adapters, and the names of funding sources.
INSIDE = {
    "auth_expired",
    "gone",
    "no_capacity",
    "rejected",
    "unknown",
    "unreachable",
    "vouchers",
    "wallet",
    "credit",
}


@pytest.fixture
def promised():
    return json.loads(PROMISED.read_text())


def test_the_document_in_docs_is_the_apis_own(promised):
    now = json.loads(present())

    assert broken(promised, now) == []
    assert now == promised, "make openapi writes it anew"


@pytest.mark.parametrize(
    ("change", "loss"),
    [
        (lambda d: d["paths"].pop("/api/v1/bills/"), "GET /api/v1/bills/ is gone"),
        (lambda d: d["components"]["schemas"].pop("Wallet"), "Wallet is gone"),
        (lambda d: d["components"]["schemas"]["Order"]["properties"].pop("amount"), "Order.amount is gone"),
        (
            lambda d: d["components"]["schemas"]["OrderRequestRequest"]["required"].append("name"),
            "OrderRequestRequest.name is required",
        ),
        (
            lambda d: d["paths"]["/api/v1/orders/"]["get"]["responses"].pop("200"),
            "GET /api/v1/orders/: no answer 200",
        ),
        (
            lambda d: [p for p in d["paths"]["/api/v1/orders/"]["get"]["parameters"] if p["name"] == "q"][
                0
            ].update(required=True),
            "GET /api/v1/orders/: q is required",
        ),
    ],
)
def test_what_is_taken_away_is_named(promised, change, loss):
    new = copy.deepcopy(promised)
    change(new)

    assert broken(promised, new) == [loss]


def test_what_is_added_breaks_nobody(promised):
    new = copy.deepcopy(promised)
    new["components"]["schemas"]["Order"]["properties"]["more"] = {"type": "string"}
    new["paths"]["/api/v1/more/"] = new["paths"]["/api/v1/bills/"]

    assert broken(promised, new) == []


def test_every_operation_has_its_words_and_its_example(promised):
    known = {operation["operationId"] for item in promised["paths"].values() for operation in item.values()}

    assert (set(OPERATIONS), set(EXAMPLES)) == (known, known - NO_EXAMPLE)


def codes_of_refusals() -> set[str]:
    """Every `code="…"` and every class attribute `code` of the house."""
    found = set()
    for floor in ("portal", "federation", "scheduler", "marketplace", "subsidies"):
        for path in (ROOT / floor).rglob("*.py"):
            if "migrations" in path.parts or path.name in ("tables.py", "forms.py"):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    pairs = [(s.targets[0], s.value) for s in node.body if isinstance(s, ast.Assign)]
                    found |= {
                        v.value
                        for t, v in pairs
                        if getattr(t, "id", "") == "code" and isinstance(v, ast.Constant)
                    }
                elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    found |= {
                        k.value.value
                        for k in node.exc.keywords
                        if k.arg == "code" and isinstance(k.value, ast.Constant)
                    }
    return found


def test_every_list_that_can_grow_comes_in_pages(promised):
    operations = [one["get"] for one in promised["paths"].values() if "get" in one]
    bare = {
        operation["operationId"]
        for operation in operations
        for kind in operation["responses"].get("200", {}).get("content", {}).values()
        if kind["schema"].get("type") == "array"
    }

    assert bare == set(WITHOUT_PAGES)


def test_every_problem_a_program_may_read_says_what_to_do():
    assert codes_of_refusals() - ON_PAGES - INSIDE <= set(PROBLEMS)
