"""Programs that fetch their own keys: OAuth 2.0 client credentials, for one organisation and within its scopes."""

import base64
from datetime import timedelta

import pytest
from allauth.idp.oidc.models import Token
from django.test import Client
from django.utils import timezone

from portal.audit.models import Event
from portal.organizations.models import Membership
from portal.tokens import actions as tokens
from portal.tokens.models import Application
from tests.city import NOON, place


@pytest.fixture
def erp(city):
    application, secret = tokens.connect(
        organization=city.ludao, name="ERP", scopes={"orders:read", "wallet:read"}, by=city.alice, at=NOON
    )
    application.secret = secret
    return application


def fetch(application, secret=None, **wishes):
    word = base64.b64encode(f"{application.client_id}:{secret or application.secret}".encode()).decode()
    return Client().post(
        "/oauth/token",
        {"grant_type": "client_credentials", **wishes},
        headers={"authorization": f"Basic {word}"},
    )


def ask(key, path="orders/"):
    return Client().get(f"/api/v1/{path}", headers={"authorization": f"Bearer {key}"})


def key_of(application) -> str:
    return fetch(application).json()["access_token"]


def test_a_program_fetches_a_key_for_an_hour_and_reads_its_firms_orders(city, erp):
    order = place(city)

    answer = fetch(erp).json()
    orders = ask(answer["access_token"]).json()["results"]

    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert [row["code"] for row in orders] == [order.code]


def test_a_key_reaches_no_further_than_its_scopes(city, erp):
    narrow = fetch(erp, scope="wallet:read").json()["access_token"]

    assert (ask(narrow, "wallet/").status_code, ask(narrow).status_code) == (200, 403)
    assert fetch(erp, scope="settlement:write").status_code == 400


def test_a_program_of_one_firm_sees_nothing_of_its_makers_other_firm(city, erp):
    Membership.objects.create(user=city.alice, organization=city.yunding, role="enterprise_admin")
    place(city, key="mine")

    key = key_of(erp)

    assert {row["organization"] for row in ask(key, "projects/").json()["results"]} == {"EN-LUDAO"}


@pytest.mark.parametrize("secret", ["pc_app_wrong", "x"])
def test_a_wrong_secret_fetches_nothing(city, erp, secret):
    assert fetch(erp, secret).status_code == 401
    assert Token.objects.count() == 0


def test_another_secret_ends_the_old_one_and_its_keys(city, erp):
    key, old = key_of(erp), erp.secret

    _application, erp.secret = tokens.rotate_secret(application_id=erp.id, by=city.alice, at=NOON)

    assert (fetch(erp, old).status_code, ask(key).status_code, fetch(erp).status_code) == (401, 401, 200)


def test_a_program_is_shut_out_at_once_and_for_good(city, erp):
    key = key_of(erp)

    tokens.disconnect(application_id=erp.id, by=city.alice, at=NOON)
    tokens.disconnect(application_id=erp.id, by=city.alice, at=NOON)

    assert ask(key).status_code == 401 and fetch(erp).status_code in (400, 401)
    assert Event.objects.filter(name="application.disconnected").count() == 1
    with pytest.raises(tokens.AlreadyDisconnected):
        tokens.rotate_secret(application_id=erp.id, by=city.alice, at=NOON)


def test_a_program_comes_only_from_its_networks_and_its_last_visit_is_known(city, erp):
    key = key_of(erp)
    Application.objects.update(networks=["203.0.113.0/24"])

    assert ask(key).json()["code"] == "address_not_allowed"
    assert Application.objects.get().last_used_at is None
    answer = Client().get(
        "/api/v1/orders/", headers={"authorization": f"Bearer {key}"}, REMOTE_ADDR="203.0.113.7"
    )
    assert answer.status_code == 200
    assert Application.objects.get().last_used_at is not None


def test_an_old_key_opens_nothing(city, erp):
    key = key_of(erp)
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert ask(key).status_code == 401


def test_a_program_goes_with_the_account_of_its_maker(city, erp):
    key = key_of(erp)
    city.alice.is_active = False
    city.alice.save()

    assert ask(key).status_code == 401


def test_a_program_stops_when_its_maker_has_no_role_in_the_firm(city, erp, client):
    key = key_of(erp)
    Membership.objects.create(user=city.alice, organization=city.yunding, role="enterprise_admin")
    Membership.objects.create(user=city.bob, organization=city.ludao, role="enterprise_admin")
    Membership.objects.filter(user=city.alice, organization=city.ludao).delete()

    answer = ask(key)
    client.force_login(city.bob)
    page = client.get("/applications/").content.decode()

    assert (answer.status_code, answer.json()["code"]) == (403, "role_ended")
    assert "接入人已离任" in page and f"/applications/{erp.code}/disconnect/" in page


def test_the_secret_is_shown_once_and_nowhere_kept(city, client):
    client.force_login(city.alice)

    shown = client.post("/applications/", {"name": "ERP", "scopes": ["orders:read"]}).content.decode()
    later = client.get("/applications/").content.decode()

    application = Application.objects.get()
    assert shown.count("pc_app_") >= 1 and "pc_app_" not in later
    assert "pc_app_" not in str(list(Event.objects.values_list("details", flat=True)))
    assert "pc_app_" not in application.client.secret


def test_another_firm_cannot_touch_it(city, erp, client):
    client.force_login(city.charlie)

    answers = [
        client.post(f"/applications/{erp.code}/{deed}/").status_code for deed in ("rotate", "disconnect")
    ]

    assert answers == [404, 404]
    assert Application.objects.get().revoked_at is None
