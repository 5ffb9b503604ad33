"""Every example of the reference is run as it stands there, against the city."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from config.api_examples import EXAMPLES
from config.api_words import PROBLEMS
from config.demo.data import PASSWORD
from marketplace.settlement import actions as settlement
from portal.approvals.models import Approval
from portal.shell import outbound
from portal.tokens import actions as tokens
from portal.tokens.scopes import SCOPES
from tests import city as town
from tests.city import bill, listener, monthly_bills, place, run, transfer, written_export

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(300)]

EXAMPLE = re.compile(r'data-example="(\w+)"\s+data-operation="(\w+)">(.*?)</pre>', re.S)
# Whose work an operation is; the rest is a buyer's.
WHOSE = {
    "adjustments": "finance",
    "approvals": "alice",
    "audit": "alice",
    "bank": "finance",
    "clusters": "officer",
    "credit": "finance",
    "invoices": "alice",
    "monthly": "alice",
    "payments": "alice",
    "payout": "finance",
    "payouts": "finance",
    "programmes": "officer",
    "receipts": "finance",
    "settlement": "finance",
    "statements": "finance",
    "statements_confirmation_create": "unicom",
    "statements_dispute_create": "mobile",
    "webhooks": "alice",
}


@pytest.fixture
def variables(live_server, monkeypatch):
    """What a reader of the reference has set: address, key, and codes of their own."""
    now = timezone.now()
    city = town.found(at=now)
    for plan in ("unicom-h800", "mobile-rtx4090"):
        order = place(city, key=plan, at=now, code=plan, cards=4)
        run(order, seconds=1800, at=now)
        bill(order, at=now)
    waiting = place(city, key="waiting", at=now, project=city.model, cards=1, hours="100")
    later = now + timedelta(seconds=1)
    statements = {closed.party: closed.code for closed in settlement.close(until=later, by=None, at=later)}
    keys = {
        name: tokens.issue(
            organization=getattr(city, name).memberships.first().organization,
            name="reference",
            scopes=list(SCOPES),
            days=1,
            by=getattr(city, name),
            at=now,
        )[1]
        for name in ("alice", "bob", "officer", "finance", "unicom", "mobile")
    }
    export = written_export(city.bob).code
    common = {
        "PORTAL": live_server.url,
        "LOGIN": "bob",
        "PASSWORD": PASSWORD,
        "ORDER": place(city, key="open", at=now).code,
        "EXPORT": export,
        "OPERATION": export,
        "APPROVAL": Approval.objects.get(subject_code=waiting.code).code,
        "PLAN": "unicom-h800",
        "PROGRAMME": "PG-CITY-2026",
        "PAYMENT": transfer(city, at=now).code,
        "MONTHLY_BILL": monthly_bills(at=now)[0].code,
    }
    # The examples' receiver stands nowhere; a removed one can be removed no second time.
    monkeypatch.setattr(outbound, "_resolve", lambda host, port: ["93.184.216.34"])

    def of(operation):
        whose = WHOSE.get(operation) or WHOSE.get(operation.split("_")[0], "bob")
        return common | {
            "TOKEN": keys[whose],
            "STATEMENT": statements["mobile" if whose == "mobile" else "unicom"],
            "WEBHOOK": listener(city, at=now).code if operation.startswith("webhooks_") else "",
        }

    return of


def test_every_example_runs_as_it_stands(variables):
    page = Client().get("/api/v1/reference/").content.decode()
    examples = EXAMPLE.findall(page)
    failed = []

    for language, operation, text in examples:
        script = unescape(text)
        argv = ["bash", "-c", script] if language == "curl" else [sys.executable, "-c", script]
        done = subprocess.run(
            argv, env=os.environ | variables(operation), capture_output=True, text=True, timeout=60
        )
        if done.returncode or not done.stdout.strip().startswith(("{", "[", "\ufeff")):
            failed.append((language, operation, done.stdout[-400:], done.stderr[-400:]))

    assert failed == []
    assert len(examples) == 2 * len(EXAMPLES)


def test_the_reference_names_every_problem(db):
    page = Client().get("/api/v1/reference/").content.decode()

    assert set(re.findall(r'id="problem-(\w+)"', page)) == set(PROBLEMS)
