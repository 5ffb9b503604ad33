"""Keys for programs: given, shown once, taken back, and every step on the record."""

import base64
import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from config.demo.data import PASSWORD
from marketplace.payments.models import Payment
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.audit.models import Event
from portal.developers import actions as developers
from portal.developers.models import ApiCall
from portal.notices.models import Notice
from portal.organizations.models import Membership, Organization, Project
from portal.shell import keys, tenancy
from portal.tokens import actions as tokens
from portal.tokens.models import ApiToken
from tests.city import NOON
from tests.entrance import BACKEND


def issue(city):
    return tokens.issue(
        organization=city.ludao, name="训练平台", scopes={"orders:read"}, days=30, by=city.bob, at=NOON
    )


def test_a_key_is_on_the_record_but_its_secret_is_not(city):
    token, secret = issue(city)

    event = Event.objects.get(subject_code=token.code)
    assert (event.name, event.actor, event.organization) == ("token.issued", city.bob, city.ludao)
    assert event.details == {
        "name": "训练平台",
        "kind": "live",
        "scopes": ["orders:read"],
        "days": 30,
        "networks": [],
    }
    assert secret not in str(vars(event)) and token.digest not in str(vars(event))


def test_taking_a_key_back_twice_is_one_event(city):
    token, _secret = issue(city)

    tokens.revoke(token_id=token.id, by=city.bob, at=NOON)
    tokens.revoke(token_id=token.id, by=city.bob, at=NOON)

    assert [e.name for e in Event.objects.filter(subject_code=token.code).order_by("id")] == [
        "token.issued",
        "token.revoked",
    ]


def test_nobody_takes_back_anothers_key(city):
    token, _secret = issue(city)
    alice = Client()
    alice.force_login(city.alice, backend=BACKEND)

    answer = alice.post(f"/tokens/{token.code}/revoke/")

    assert answer.status_code == 404
    assert ApiToken.objects.get(id=token.id).revoked_at is None


# --- at the door ---------------------------------------------------------------------------------------
def ask(secret, **more):
    return Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/projects/", **more)


def give(city, **wishes):
    wish = {"organization": city.ludao, "name": "ERP", "scopes": {"orders:read"}, "days": 30, "by": city.bob}
    return tokens.issue(**wish | {"at": timezone.now()} | wishes)


def test_a_mistyped_key_is_refused_before_the_database_is_asked(city, django_assert_num_queries):
    _token, secret = give(city)
    wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")

    with django_assert_num_queries(0):
        answer = ask(wrong)

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert "抄写有误" in answer.json()["title"]


def test_a_key_opens_only_from_its_networks(city):
    token, secret = give(city, networks=["203.0.113.0/24", "2001:db8::/32"])

    elsewhere = ask(secret, REMOTE_ADDR="198.51.100.7")

    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "address_not_allowed")
    assert "198.51.100.7" in elsewhere.json()["title"]
    token.refresh_from_db()
    assert token.last_used_at is None
    assert ask(secret, REMOTE_ADDR="203.0.113.7").status_code == 200
    assert ask(secret, REMOTE_ADDR="2001:db8::7").status_code == 200
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_after_a_change_both_secrets_open_for_a_day(city):
    token, old = give(city)
    now = timezone.now()

    _token, new = tokens.rotate(token_id=token.id, by=city.bob, at=now)
    assert [ask(secret).status_code for secret in (old, new)] == [200, 200]
    ApiToken.objects.update(old_until=now - timedelta(seconds=1))

    assert [ask(secret).status_code for secret in (old, new)] == [401, 200]


def test_a_changed_key_is_good_for_as_long_again(city):
    token, _secret = give(city, at=NOON)

    tokens.rotate(token_id=token.id, by=city.bob, at=NOON + timedelta(days=20))
    tokens.rotate(token_id=token.id, by=city.bob, at=NOON + timedelta(days=40))

    token.refresh_from_db()
    assert token.expires_at == NOON + timedelta(days=70)
    event = Event.objects.filter(subject_code=token.code, name="token.rotated").latest("id")
    assert event.details["after"] == {"hint": token.hint, "expires_at": token.expires_at.isoformat()}


def test_taking_a_key_back_ends_both_secrets(city):
    token, old = give(city)
    _token, new = tokens.rotate(token_id=token.id, by=city.bob, at=timezone.now())

    tokens.revoke(token_id=token.id, by=city.bob, at=timezone.now())

    assert [ask(secret).status_code for secret in (old, new)] == [401, 401]


@pytest.mark.parametrize("end", ["revoked_at", "expires_at"])
def test_a_key_that_is_over_gets_no_other_secret(city, end):
    token, _secret = give(city)
    ApiToken.objects.update(**{end: timezone.now()})
    digest = token.digest

    with pytest.raises(tokens.TokenOver):
        tokens.rotate(token_id=token.id, by=city.bob, at=timezone.now())

    token.refresh_from_db()
    assert (token.digest, token.old_digest) == (digest, None)


def test_a_key_is_made_changed_and_shown_once_on_the_page(city, client):
    client.force_login(city.bob)
    wish = {"name": "ERP", "kind": "live", "scopes": ["orders:read"], "days": 30}
    wish["networks"] = "203.0.113.7\n2001:db8::/32"

    made = client.post("/tokens/", wish).content.decode()
    token = ApiToken.objects.get()
    changed = client.post(f"/tokens/{token.code}/rotate/").content.decode()
    later = client.get("/tokens/").content.decode()

    secrets = [re.search(r"pc_live_\w{46}", page)[0] for page in (made, changed)]
    assert len(set(secrets)) == 2 and "仍可用" in changed
    assert not any(secret in later for secret in secrets)
    assert "203.0.113.7/32" in later and secrets[1][:12] in later


def test_an_odd_network_keeps_what_was_typed(city, client):
    client.force_login(city.bob)

    wish = {"name": "ERP", "kind": "live", "scopes": ["orders:read"], "days": 30, "networks": "everywhere"}
    answer = client.post("/tokens/", wish)

    assert (answer.status_code, ApiToken.objects.count()) == (422, 0)
    assert "everywhere</textarea>" in answer.content.decode()


# --- a key that changes nothing ------------------------------------------------------------------------
TOP_UP = {"method": "transfer", "amount": "100.00"}


def program(secret):
    return Client(headers={"authorization": f"Bearer {secret}"})


def test_a_test_key_reads_and_tries_but_pays_nothing(city):
    token, secret = give(city, by=city.alice, kind="test", scopes={"wallet:read", "wallet:write"})

    read = program(secret).get("/api/v1/payments/")
    tried = program(secret).post("/api/v1/payments/", TOP_UP, content_type="application/json")

    assert (secret[:8], token.hint[:8]) == ("pc_test_", "pc_test_")
    assert (read.status_code, "Dry-Run" in read) == (200, False)
    assert (tried.status_code, tried["Dry-Run"], tried.json()["amount"]) == (201, "true", "100.00")
    assert not Payment.objects.exists()


def test_a_test_key_is_held_to_its_scopes_like_any_other(city):
    _token, secret = give(city, by=city.alice, kind="test", scopes={"wallet:read"})

    answer = program(secret).post("/api/v1/payments/", TOP_UP, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("kind", "other"), [("live", "pc_test_"), ("test", "pc_live_")])
def test_a_secret_that_begins_otherwise_opens_nothing(city, kind, other):
    token, secret = give(city, kind=kind)
    swapped = other + secret[8:]
    mended = swapped[:-6] + keys._checks(swapped[:-6])

    assert [ask(one).status_code for one in (swapped, mended, secret)] == [401, 401, 200]
    # Not even a row with that very secret, if there were one.
    ApiToken.objects.filter(id=token.id).update(digest=ApiToken.digest_of(mended))
    assert ask(mended).status_code == 401


@pytest.mark.parametrize(("kind", "begins"), [("live", "pc_live_"), ("test", "pc_test_")])
def test_a_changed_key_stays_of_its_kind(city, kind, begins):
    token, _secret = give(city, kind=kind)

    token, secret = tokens.rotate(token_id=token.id, by=city.bob, at=timezone.now())

    assert (token.kind, secret[:8]) == (kind, begins)
    assert ask(secret).status_code == 200


def test_the_database_holds_a_key_to_its_kind(city):
    token, _secret = give(city, kind="test")

    with pytest.raises(IntegrityError, match="key_begins_as_its_kind"), transaction.atomic():
        ApiToken.objects.filter(id=token.id).update(kind="live")


def test_a_test_key_is_chosen_on_the_page_and_known_again_in_the_list(city, client):
    client.force_login(city.bob)

    made = client.post("/tokens/", {"name": "ERP", "kind": "test", "scopes": ["orders:read"], "days": 30})

    assert re.search(r"pc_test_\w{46}", made.content.decode())
    assert "试用" in client.get("/tokens/").content.decode().partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_test_key_comes_from_the_api_too(city):
    basic = "Basic " + base64.b64encode(f"bob:{PASSWORD}".encode()).decode()
    wish = {"name": "ERP", "scopes": ["orders:read"], "kind": "test"}

    answer = Client().post(
        "/api/v1/tokens/", wish, content_type="application/json", headers={"authorization": basic}
    )

    assert answer.json()["secret"].startswith("pc_test_")


# --- from where it opens -------------------------------------------------------------------------------
HERE, THERE = "203.0.113.7", "198.51.100.7"


def test_a_key_opens_from_its_new_networks_at_once(city, client):
    token, secret = give(city, networks=["203.0.113.0/24"])
    client.force_login(city.bob)

    form = client.get(f"/tokens/{token.code}/networks/").content.decode()
    answer = client.post(f"/tokens/{token.code}/networks/", {"networks": "198.51.100.0/24\n2001:db8::/32"})

    assert "203.0.113.0/24</textarea>" in form
    assert answer.headers["location"] == "/tokens/"
    assert [ask(secret, REMOTE_ADDR=place).status_code for place in (HERE, THERE)] == [403, 200]
    event = Event.objects.get(name="token.networks_changed")
    assert (event.subject_code, event.actor) == (token.code, city.bob)
    assert event.details == {
        "name": "ERP",
        "before": {"networks": ["203.0.113.0/24"]},
        "after": {"networks": ["198.51.100.0/24", "2001:db8::/32"]},
    }
    assert Notice.objects.filter(user=city.bob, sentence__contains="允许来源").count() == 1


def test_the_same_networks_are_no_news(city, client):
    token, _secret = give(city, networks=["203.0.113.0/24"])
    client.force_login(city.bob)

    answer = client.post(f"/tokens/{token.code}/networks/", {"networks": " 203.0.113.0/24 "}, follow=True)

    assert "没有更改" in answer.content.decode()
    assert not Event.objects.filter(name="token.networks_changed").exists()
    assert not Notice.objects.filter(sentence__contains="允许来源").exists()


def test_odd_networks_change_nothing(city, client):
    token, _secret = give(city, networks=["203.0.113.0/24"])
    client.force_login(city.bob)

    answer = client.post(f"/tokens/{token.code}/networks/", {"networks": "everywhere"})

    token.refresh_from_db()
    assert (answer.status_code, token.networks) == (422, ["203.0.113.0/24"])


@pytest.mark.parametrize("end", ["revoked_at", "expires_at"])
def test_a_key_that_is_over_keeps_its_networks(city, end):
    token, _secret = give(city)
    ApiToken.objects.update(**{end: timezone.now()})

    with pytest.raises(tokens.TokenOver):
        tokens.change_networks(token_id=token.id, networks=["::1/128"], by=city.bob, at=timezone.now())

    token.refresh_from_db()
    assert token.networks == []


def test_a_connected_programs_networks_hold_for_the_keys_it_has(city, client):
    application, secret = tokens.connect(
        organization=city.ludao, name="ERP", scopes=["orders:read"], by=city.alice, at=timezone.now()
    )
    proof = {"client_id": application.client_id, "client_secret": secret}
    fetched = client.post("/oauth/token", {"grant_type": "client_credentials"} | proof).json()["access_token"]
    client.force_login(city.alice)

    changed = client.post(f"/applications/{application.code}/networks/", {"networks": "198.51.100.0/24"})
    again = client.post(f"/applications/{application.code}/networks/", {"networks": "198.51.100.0/24"})

    assert (changed.status_code, again.status_code) == (302, 302)
    assert [ask(fetched, REMOTE_ADDR=place).status_code for place in (HERE, THERE)] == [403, 200]
    event = Event.objects.get(name="application.networks_changed")
    assert (event.details["before"], event.details["after"]) == (
        {"networks": []},
        {"networks": ["198.51.100.0/24"]},
    )


def test_a_disconnected_program_keeps_its_networks(city):
    application, _secret = tokens.connect(
        organization=city.ludao, name="ERP", scopes=["orders:read"], by=city.alice, at=NOON
    )
    tokens.disconnect(application_id=application.id, by=city.alice, at=NOON)

    with pytest.raises(tokens.AlreadyDisconnected):
        tokens.change_application_networks(application_id=application.id, networks=["::1/128"], by=city.alice)

    application.refresh_from_db()
    assert application.networks == []


# --- a key acts in one organisation --------------------------------------------------------------------
@pytest.fixture
def consultant(city):
    """Bob works for two firms; his key is for the first."""
    Organization.objects.filter(id=city.yunding.id).update(second_factor="nobody")
    Membership.objects.create(user=city.bob, organization=city.yunding, role="enterprise_admin")
    matter = approvals.request(
        kind="order",
        subject_code="OD-1",
        organization=city.yunding,
        amount=500,
        sentence="订单 %(code)s",
        values={"code": "OD-1"},
        url="/orders/OD-1/",
        by=city.charlie,
        at=timezone.now(),
    )
    city.matter = matter
    city.key, city.secret = give(city, scopes={"orders:read", "orders:write", "approvals:write"})
    return city


def test_a_key_for_one_firm_sees_nothing_of_its_owners_other_firm(consultant):
    firms = {row["organization"] for row in ask(consultant.secret).json()["results"]}

    assert Project.objects.filter(organization=consultant.yunding).exists()
    assert firms == {"EN-LUDAO"}


def test_a_key_for_one_firm_decides_nothing_in_its_owners_other_firm(consultant):
    program = Client(headers={"authorization": f"Bearer {consultant.secret}"})

    answer = program.post(f"/api/v1/approvals/{consultant.matter.code}/decision/", {"approve": True})

    assert answer.status_code in (403, 404)
    consultant.matter.refresh_from_db()
    assert consultant.matter.status == Approval.Status.PENDING


def test_the_database_itself_shows_a_key_its_own_firm_alone(consultant, monkeypatch):
    seen = []
    monkeypatch.setattr(tokens, "note_use", lambda holder, at: seen.append(tenancy.current()))

    ask(consultant.secret)

    assert seen == [tenancy.Reach(organizations=frozenset({consultant.ludao.id}), person=consultant.bob.id)]


def test_a_key_opens_nothing_once_its_owners_role_there_has_ended(consultant, client):
    Membership.objects.filter(user=consultant.bob, organization=consultant.ludao).delete()

    answer = ask(consultant.secret)
    developers.write_down()
    client.force_login(consultant.bob)
    page = client.get("/tokens/").content.decode()

    assert (answer.status_code, answer.json()["code"]) == (403, "role_ended")
    assert consultant.ludao.name in answer.json()["title"]
    assert ApiCall.objects.values_list("key", "status").get() == (consultant.key.code, 403)
    consultant.key.refresh_from_db()
    assert consultant.key.last_used_at is None
    assert "角色已收回" in page and f"/tokens/{consultant.key.code}/revoke/" in page


def test_a_key_ends_with_the_time_of_a_stand_in(consultant):
    held = Membership.objects.filter(user=consultant.bob, organization=consultant.ludao)
    held.update(until=timezone.now() - timedelta(seconds=1), reason="代理")

    assert ask(consultant.secret).json()["code"] == "role_ended"
