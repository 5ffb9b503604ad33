"""Whatever a person may have typed into any column is text on every page, and markup on none."""

import re

import pytest
from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat

from portal.crypto.fields import EncryptedTextField
from tests.house.test_pages import PAGES, filled, visited, visitor  # noqa: F401

pytestmark = pytest.mark.django_db

MARK = '"><script>alert(1)</script>'
RAW, ESCAPED = "<script>alert(1)", "&lt;script&gt;alert(1)"
HOUSE = {"portal", "federation", "scheduler", "marketplace", "subsidies", "maas", "ops"}
# What people name, explain and describe; codes, digests and states are ours.
TYPED = re.compile(
    r"name|title|reason|note|remark|address|text|body|message|description|purpose|label|command|log|representative"
)

# Unique names that addresses are made of.
OURS = {"username", "code"}


def plant() -> set[str]:
    """Write the mark into every such column that can hold it: `Model.column`."""
    planted, each_its_own = set(), Concat(Value(MARK), Cast(F("pk"), models.CharField()))
    for model in apps.get_models():
        if model._meta.app_label not in HOUSE or not model._meta.managed:
            continue
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, models.CharField | models.TextField)
            is_short = field.max_length is not None and field.max_length < len(MARK) + 4
            if (
                field.name in OURS
                or isinstance(field, EncryptedTextField)
                or not is_text
                or is_short
                or field.choices
                or not TYPED.search(field.name)
            ):
                continue
            try:
                with transaction.atomic():
                    is_there = model._base_manager.update(**{field.name: each_its_own})
            except (
                Exception
            ):  # history, a sealed column, a name that must differ: nobody else writes it either
                continue
            if is_there:
                planted.add(f"{model.__name__}.{field.name}")
    return planted


def test_no_text_that_somebody_stored_is_ever_markup(visited):  # noqa: F811
    city, codes = visited

    planted, raw, escaped = plant(), [], set()
    for name in ("alice", "auditor", "operator", "security", "unicom"):
        client = visitor(city, name)
        for route in PAGES:
            answer = client.get(filled(route, codes))
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                text = answer.content.decode()
                raw += [(name, route)] if RAW in text else []
                escaped |= {route} if ESCAPED in text else set()

    assert raw == []
    # These stand for all: had the sweep gone past its pages, it would have found nothing, either.
    assert planted >= {"Organization.name", "Project.name", "User.name", "Order.name", "Workload.final_log"}
    assert planted >= {"Approval.reason", "Membership.reason", "Verification.address", "Licence.name"}
    assert escaped >= {
        "orders/",
        "orders/<code>/",
        "orders/<code>/log/",
        "members/",
        "approvals/<code>/",
        "people/",
    }
    assert escaped >= {"cockpit/", "todo/", "search/", "verifications/<code>/", "audit/<code>/", "notices/"}
