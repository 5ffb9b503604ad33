"""Every address that takes a POST × the record: what a good request writes, and that a refused one writes nothing."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from config.demo.data import PASSWORD
from marketplace.bank import actions as bank
from marketplace.bank.models import BankLine
from marketplace.bank.tasks import credit_bank_lines
from marketplace.billing import actions as billing
from marketplace.invoices import actions as invoices
from marketplace.orders import drafts
from marketplace.payments.models import BankReceipt
from portal.accounts.permissions import Role
from portal.approvals.models import Approval
from portal.audit.models import Event
from portal.audit.register import EVENTS
from portal.entrance import actions as entrance
from portal.entrance import queries
from portal.lists import actions as lists
from portal.members import actions as members
from portal.members import reviews
from portal.notices.models import Notice
from portal.organizations.models import Membership, Organization
from portal.recovery import actions as recovery
from portal.sso import actions as sso
from portal.tokens import actions as tokens
from portal.tokens import device_logins
from portal.tokens.models import ApiToken
from portal.tokens.scopes import SCOPES
from portal.webhooks import actions as webhooks
from tests import city as town
from tests.city import PICTURE, apply_for_verification, bill, place, run
from tests.entrance import BACKEND, SECRET, code_now, code_of
from tests.house.deeds import BANK_FILE, BANK_HEAD, CHANGES, DEEDS, EXEMPT, PRICES, READS

# Before each statement stands for whom it is sent.
WRITES = re.compile(r"(^|; )(INSERT|UPDATE|DELETE) ")
OTHER_METHODS = ("put", "patch", "delete")


def addresses(patterns=None, prefix=""):
    """Every address with its view, which is a function or a class."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern).replace("<str:code>", "<code>")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif not route.startswith("static/"):
            call = pattern.callback
            yield route, getattr(call, "view_class", getattr(call, "cls", call))


def may_be_unsafe(view) -> bool:
    """A class says what it takes; a function may take anything."""
    return not isinstance(view, type) or hasattr(view, "post")


def test_every_address_that_takes_a_post_is_listed_once():
    deeds, exempt = {d.route for d in DEEDS}, {d.route for d in EXEMPT}
    found = {route for route, view in addresses() if may_be_unsafe(view)}

    assert found == deeds | exempt | READS
    assert not deeds & exempt and not (deeds | exempt) & READS


def test_the_house_changes_things_by_post_alone():
    assert [
        (route, method)
        for route, view in addresses()
        for method in OTHER_METHODS
        # The door is somebody else's: its PUT is the very same POST.
        if isinstance(view, type) and hasattr(view, method) and not route.startswith(("accounts/", "oauth/"))
    ] == []


def test_the_table_speaks_the_registers_words():
    assert {name for d in DEEDS for name in d.writes + d.bad_writes} <= set(EVENTS)
    assert [str(d) for d in DEEDS if len(d.writes) != 1 and not d.why] == []
    assert [str(d) for d in EXEMPT if d.writes or not d.why] == []


# --- the city of the census -----------------------------------------------------------------------
@pytest.fixture(scope="module")
def census(django_db_setup, django_db_blocker):
    """One city with one of everything; every visit is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        now = timezone.now()
        city = town.found(at=now)
        billed = place(city, key="billed", cards=1, at=now)
        run(billed, seconds=1800, at=now)
        bill(billed, at=now)
        billing.bill_late(usage_id=town.comes_late(billed, seconds=600, at=now).id, at=now)
        waiting = place(city, key="waiting", at=now, project=city.model, cards=1, hours="100")
        EmailAddress.objects.create(user=city.bob, email="bob@example.com", primary=True, verified=True)
        EmailAddress.objects.create(user=city.bob, email="spare@example.com", verified=True)
        unproven = EmailAddress.objects.create(user=city.bob, email="unproven@example.com")
        city.wendy.set_unusable_password()
        city.wendy.save()
        later = now + timedelta(days=2)
        city.words = {
            "receipt": BankReceipt.objects.filter(organization=city.ludao).first().code,
            "later": later.isoformat(),
            "later_on": f"{timezone.localdate(later):%Y-%m-%d}",
            "lab": str(city.lab.id),
            "bill_line": billed.lines.first().code,
            **{f"{p.username}_member": p.memberships.get().code for p in (city.alice, city.bob, city.fiona)},
        }
        wish = {"organization": city.ludao, "by": city.bob, "at": now}
        Organization.objects.filter(code="EN-YUNDING").update(verified_at=None)
        offer = {"organization": city.ludao, "email": "new2@example.com", "until": None, "reason": ""}
        offer |= {"by": city.alice, "at": now}
        application, secret = tokens.connect(
            organization=city.ludao, name="ERP", scopes=["orders:read"], by=city.alice, at=now
        )
        city.words |= {"client_id": application.client_id, "client_secret": secret}
        asks = {"program": "slctl", "machine": "laptop", "scopes": [], "address": None, "at": now}
        agreed, city.words["device_code"] = device_logins.ask(**asks)
        reach = {"kind": "live", "scopes": ["orders:read"], "days": 30}
        device_logins.consent(login_id=agreed.id, organization=city.ludao, **reach, by=city.bob, at=now)
        statement = BANK_HEAD + f"2026-01-05,C-0,,400.00,400.00,{city.ludao.name},EN-LUDAO\n"
        statement += "2026-01-06,C-1,,600.00,1000.00,某某个人,货款\n"
        bank.take_file(name="january.csv", content=statement.encode(), by=city.finance, at=now)
        system, _secret = sso.connect(
            name="x", redirect_uris=["https://a.example/"], by=city.sysadmin, at=now
        )
        credit_bank_lines()
        city.codes = {
            "bill": town.monthly_bills(at=now)[0].code,
            "bank_line": BankLine.objects.get(bank_reference="C-1").code,
            "payment": town.transfer(city, at=now).code,
            "paid_payment": (paid := town.paid_online(city, at=now)).code,
            "difference": town.difference(at=now).code,
            "stuck_refund": town.stuck_refund(city, paid, at=now).code,
            "application": application.code,
            "device": device_logins.ask(**asks)[0].user_code,
            "webhook": (webhook := town.listener(city, at=now)).code,
            "paused_webhook": webhooks.switch_off(
                endpoint_id=town.listener(city, at=now).id, reason="owner", by=city.alice, at=now
            ).code,
            "message": webhooks.test(endpoint_id=webhook.id, by=city.alice, at=now).code,
            "project": city.lab.code,
            "token": tokens.issue(name="k", scopes=["orders:read"], days=30, **wish)[0].code,
            "approval": Approval.objects.get(subject_code=waiting.code).code,
            "city_system": system.code,
            "reset": recovery.propose(user=city.wendy, proof="当面", by=city.security, at=now).code,
            "consent": sso.consent(client_id=system.client_id, scopes=["openid"], by=city.bob, at=now).code,
            "verification": apply_for_verification(
                Organization.objects.get(code="EN-WUYUAN"), city.wendy, at=now
            ).code,
            "member": city.bob.memberships.get().code,
            "review": reviews.open_review(organization_id=city.ludao.id, at=now).code,
            "invitation": members.invite(**offer, role="enterprise_member").code,
            "empty_provider": members.onboard(
                **town.NEW_PROVIDER, by=city.operator, at=now
            ).organization.code,
            "secret": members.invite(**offer | {"email": "bob@example.com"}, role="enterprise_admin").secret,
            "draft": drafts.save(request=town.request(city.lab, cards=1), **wish).code,
            "dear_draft": drafts.save(request=town.request(city.model, cards=1, hours="100"), **wish).code,
            "open": place(city, key="open", cards=1, at=now).code,
            "waiting": waiting.code,
            "billed": billed.code,
            "list": "orders",
            "view": lists.save_view(
                screen="orders", name="kept", query="", is_default=False, by=city.bob, at=now
            ).code,
            "invoice": invoices.request(
                organization=city.ludao, amount=10, idempotency_key="k", by=city.alice, at=now
            ).code,
            "price": town.price_draft(city, at=now).code,
            "incident": town.disturb(city, at=now).code,
            "statement": town.statement(at=now).code,
            "disputed": town.statement(at=now, status="disputed", objection="少计").code,
            "parked": town.statement(
                at=now, status="parked", parked_for=[{"code": "leap", "values": {"gross": 1000, "past": [1]}}]
            ).code,
            "payout": (paid := town.payout(city, at=now)).code,
            "batch": paid.batch.code,
            "confirmed": town.statement(at=now, status="confirmed").code,
            "programme": "PG-CITY-2026",
            "plan": "unicom-h800",
            "person": "jian",
            "idle_person": "mobile",
            "notice": Notice.objects.filter(user=city.bob).first().code,
            "email_key": EmailConfirmationHMAC(unproven).key,
        }
        city.mobile.is_active = False
        city.mobile.save()
        AccessAttempt.objects.create(username="jian", ip_address="127.0.0.1", failures_since_start=5)
        key = Authenticator.objects.create(
            user=city.fiona, type=Authenticator.Type.WEBAUTHN, data={"name": "钥匙", "credential": {}}
        )
        city.codes["key"] = str(key.pk)
        yield city
        transaction.set_rollback(True)


texted: list[str] = []


def keep_text(phone, text):
    """Short messages go no further than this list."""
    texted.append(re.search(r"验证码 (\S+)，", text)[1])


@pytest.fixture
def visit(census, db, mailoutbox, settings):
    """One request in that city, taken back at the end; the count of tried passwords would outlive it."""
    cache.clear()
    texted.clear()
    settings.SMS_BACKEND = "tests.house.test_audit_census.keep_text"
    return census


def reset_address(client) -> str:
    """Where the letter's link leads once it was opened."""
    client.post("/accounts/password/reset/", {"email": "bob@example.com"})
    link = re.search(r"/accounts/password/reset/key/\S+", mail.outbox[-1].body)
    return client.get(link[0]).headers["location"]


def address(city, deed, client) -> str:
    if deed.code == "device":
        return f"/tokens/device/?code={city.codes['device']}"
    if deed.code == "reset_key":
        return reset_address(client)
    if deed.code == "email_key":
        return f"/accounts/confirm-email/{city.codes['email_key']}/"
    if deed.code == "half_way":
        client.post("/accounts/login/", {"login": "officer", "password": PASSWORD})
    if deed.code == "mailed_code":
        client.post("/accounts/login/code/", {"email": "alice@example.com"})
    if deed.code == "texted_code":
        client.post("/accounts/phone/change/", {"phone": "138 0013 8000"})
    if deed.code == "first":
        Membership.objects.filter(role="system_admin").delete()
        return f"/account/first/{entrance.invite_administrator(Role.SYSTEM_ADMIN)}/"
    if deed.code == "totp":
        session = client.session
        session["mfa.totp.secret"] = SECRET
        session.save()
    if deed.code == "stay":
        return f"/account/sessions/{other_stay(city.bob)}/end/"
    named = deed.route.replace("<int:pk>", "<code>").replace("<secret>", "<code>")
    return "/" + named.replace("<code>", city.codes.get(deed.code, ""))


def mailed_code() -> str:
    """The code in the last letter."""
    found = (
        re.search(r"^\s*([A-Z0-9]{4,}(?:-[A-Z0-9]+)*)\s*$", mail.outbox[-1].body, re.M)
        if mail.outbox
        else None
    )
    return found[1] if found else ""


def other_stay(user) -> str:
    """Somebody is signed in in another browser, too."""
    client = Client()
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    return queries.stays_of(user, "")[0].code


def news_of(city, deed, by, change=None):
    """What one request leaves on the record, and its answer."""
    client = Client()
    if by != "nobody":
        client.force_login(getattr(city, by), backend=BACKEND)
    where = address(city, deed, client)
    client_codes = {"mailed": mailed_code(), "texted": "".join(texted[-1:])}
    known = city.words | client_codes | {"totp": code_now(), "officers_totp": code_of(city.officer)}
    words = {
        key.format(**known): value.format(**known) if isinstance(value, str) else value
        for key, value in (deed.body | (change or {})).items()
    }
    file = PRICES if deed.route == "prices/sheet/" else BANK_FILE.encode()
    for name, content in (("licence", PICTURE), ("file", file)):
        if name in words:
            words[name] = SimpleUploadedFile(words[name], content)
    last = Event.objects.latest("id").id
    more = {"headers": {**deed.headers, "x-request-id": "census-of-the-record"}}
    if deed.route.startswith("api/"):
        answer = client.post(where, json.dumps(words), content_type="application/json", **more)
    else:
        # allauth tells some of its news when the transaction is over.
        is_theirs = deed.route.startswith("accounts/")
        with TestCase.captureOnCommitCallbacks(execute=is_theirs):
            answer = client.post(where, words, **more)
    events = Event.objects.filter(id__gt=last)
    return sorted(events.values_list("name", flat=True)), answer


@pytest.mark.parametrize("deed", DEEDS + EXEMPT, ids=str)
def test_a_good_request_writes_exactly_its_events(visit, deed):
    names, answer = news_of(visit, deed, deed.by)

    assert names == sorted(deed.writes), (answer.status_code, answer.content.decode()[:2000])
    assert answer.status_code in (200, 201, 202, 204, 302)


@pytest.mark.parametrize("deed", [d for d in DEEDS + EXEMPT if d.bad is not None], ids=str)
def test_bad_input_writes_nothing(visit, deed):
    names, _answer = news_of(visit, deed, deed.by, deed.bad)

    assert names == sorted(deed.bad_writes)


@pytest.mark.parametrize("deed", [d for d in DEEDS if d.other], ids=str)
def test_the_wrong_person_writes_nothing(visit, deed):
    assert news_of(visit, deed, deed.other)[0] == []


@pytest.mark.parametrize("deed", [d for d in DEEDS if d.by != "nobody" and d.code != "email_key"], ids=str)
def test_nobody_writes_nothing(visit, deed):
    """Whoever holds the letter may confirm its address."""
    assert news_of(visit, deed, "nobody")[0] == []


@pytest.mark.parametrize("deed", [d for d in DEEDS if set(d.writes) & set(CHANGES)], ids=str)
def test_a_change_says_what_was_before_and_after(visit, deed):
    news_of(visit, deed, deed.by)

    changed = Event.objects.filter(request_id="census-of-the-record", name__in=CHANGES)
    assert [e.name for e in changed if not {"before", "after"} <= set(e.details)] == []


@pytest.mark.parametrize("route", sorted(READS))
@pytest.mark.parametrize("name", ["alice", "finance", "officer"])
def test_a_page_that_is_only_read_writes_no_row(visit, route, name):
    client = Client()
    client.force_login(getattr(visit, name), backend=BACKEND)
    code = {"clusters": "unicom-jimei", "marketplace": "unicom-h800", "orders": visit.codes["billed"]}

    with CaptureQueriesContext(connection) as queries:
        client.post("/" + route.replace("<code>", code.get(route.split("/")[0], "NONE")))

    writes = [q["sql"] for q in queries if WRITES.search(q["sql"])]
    assert writes == []


def test_saying_it_twice_is_one_event(visit):
    deed = next(d for d in DEEDS if d.route == "tokens/<code>/revoke/")
    news_of(visit, deed, "bob")

    names, _answer = news_of(visit, deed, "bob")

    assert names == []
    assert ApiToken.objects.get(code=visit.codes["token"]).revoked_at is not None


# --- keys that change nothing -------------------------------------------------------------------------
OF_PROGRAMS = [d for d in DEEDS + EXEMPT if d.route.startswith("api/")]


def rows() -> dict:
    """What every table holds, short enough to compare."""
    tables = connection.introspection.table_names()
    fold = "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM"
    sums = [f'{fold} "{table}" t' for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(sums))
        return dict(zip(tables, cursor.fetchall(), strict=True))


def with_key(city, deed, kind):
    """The same deed by a program, whose key somebody gave who may do it."""
    person = city.bob if deed.by == "nobody" else getattr(city, deed.by)
    wish = {"name": "k", "scopes": list(SCOPES), "days": 1, "by": person, "at": timezone.now()}
    organization = person.memberships.first().organization
    _token, secret = tokens.issue(**wish, organization=organization, kind=kind)
    headers = deed.headers | {"authorization": f"Bearer {secret}"}
    # When a key was last used is written once a minute.
    Client(headers=headers).get("/api/v1/projects/")
    return replace(deed, headers=headers)


@pytest.mark.parametrize("deed", OF_PROGRAMS, ids=str)
def test_a_test_key_changes_no_row(visit, deed):
    by_program = with_key(visit, deed, "test")
    before = rows()

    names, answer = news_of(visit, by_program, "nobody")

    assert (names, rows()) == ([], before)
    if answer.status_code == 403:
        assert answer.json()["code"] == "live_key_required"
    else:
        assert (answer.status_code < 300, answer.headers.get("Dry-Run")) == (True, "true"), answer.content


def test_what_rehearses_and_what_refuses_a_test_key(visit):
    """So that nobody turns a rehearsal into a refusal unseen."""
    answers = {d.route: news_of(visit, with_key(visit, d, "test"), "nobody")[1] for d in OF_PROGRAMS}

    assert {route for route, answer in answers.items() if answer.status_code == 403} == {
        "api/v1/device-logins/",
        "api/v1/device-logins/key/",
        "api/v1/exports/",
        "api/v1/tokens/",
        "api/v1/webhooks/",
        *(
            f"api/v1/webhooks/<code>/{deed}/"
            for deed in ("revision", "rotation", "test", "pause", "resumption", "removal")
        ),
    }


def test_the_same_with_a_live_key_is_done(visit):
    deed = next(d for d in OF_PROGRAMS if d.route == "api/v1/orders/")
    by_program = with_key(visit, deed, "live")
    before = rows()

    names, answer = news_of(visit, by_program, "nobody")

    after = rows()
    assert (answer.status_code, names) == (201, ["order.placed"])
    assert {"marketplace_order", "portal_event"} <= {
        table for table in after if after[table] != before[table]
    }
