"""Other systems of the city use our door, and our door knows the city's unified identity: both are proved on each other."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Event
from portal.organizations.models import Membership
from portal.sso import actions as sso
from portal.sso.models import CitySystem
from tests import city as town
from tests.city import NOON

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CALLBACK = "https://enterprise.example/callback"


@pytest.fixture
def system(city):
    return sso.connect(name="市企业服务平台", redirect_uris=[CALLBACK], by=city.sysadmin, at=NOON)


def client_of(user):
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend=BACKEND)
    return client


def pkce() -> tuple[str, str]:
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def ask(client, system, challenge, **changes):
    return client.get(
        "/oauth/authorize",
        {
            "client_id": system.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile email",
            "state": "s-1",
            "nonce": "n-1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        | changes,
    )


def grant(client, page, action="grant"):
    form = page.context["form"]
    return client.post(
        "/oauth/authorize",
        {
            "request": form["request"].value(),
            "scopes": ["openid", "profile", "email"],
            "action": action,
            **({"email": form["email"].value()} if "email" in form.fields else {}),
        },
    )


def redeem(system, secret, code, verifier):
    return Client(SERVER_NAME="127.0.0.1").post(
        "/oauth/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "client_id": system.client_id,
            "client_secret": secret,
            "code_verifier": verifier,
        },
    )


def test_a_person_lets_another_system_know_who_they_are(city, system):
    row, secret = system
    EmailAddress.objects.create(user=city.alice, email=city.alice.email, verified=True, primary=True)
    alice, (verifier, challenge) = client_of(city.alice), pkce()

    page = ask(alice, row, challenge)
    answer = grant(alice, page)
    given = parse_qs(urlsplit(answer.headers["Location"]).query)
    keys = redeem(row, secret, given["code"][0], verifier).json()
    again = redeem(row, secret, given["code"][0], verifier)
    me = (
        Client(SERVER_NAME="127.0.0.1")
        .get("/oauth/userinfo", headers={"authorization": f"Bearer {keys['access_token']}"})
        .json()
    )
    jwks = Client(SERVER_NAME="127.0.0.1").get("/.well-known/jwks.json").json()
    claims = jwt.decode(
        keys["id_token"], jwt.PyJWK(jwks["keys"][0]).key, algorithms=["RS256"], audience=row.client_id
    )

    assert "市企业服务平台" in page.content.decode()
    assert given["state"] == ["s-1"]
    assert (claims["sub"], claims["nonce"]) == ("alice", "n-1")
    assert me["organizations"] == [
        {"code": "EN-LUDAO", "name": "鹭岛智能科技有限公司", "role": "enterprise_admin"}
    ]
    assert again.status_code == 400
    assert Event.objects.get(name="city_system.consented").actor == city.alice


def test_saying_no_tells_nothing(city, system):
    row, _secret = system
    alice, (_verifier, challenge) = client_of(city.alice), pkce()

    answer = grant(alice, ask(alice, row, challenge), action="cancel")

    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]
    assert not Event.objects.filter(name="city_system.consented").exists()


def test_a_strange_return_address_is_never_followed(city, system):
    row, _secret = system
    _verifier, challenge = pkce()

    answer = ask(client_of(city.alice), row, challenge, redirect_uri="https://evil.example/callback")

    assert "form" not in answer.context
    assert "地址未登记" in answer.content.decode()
    assert "Location" not in answer.headers


def test_without_its_proof_a_code_is_worth_nothing(city, system):
    row, secret = system
    EmailAddress.objects.create(user=city.alice, email=city.alice.email, verified=True, primary=True)
    alice, (_verifier, challenge) = client_of(city.alice), pkce()
    answer = grant(alice, ask(alice, row, challenge))
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    assert redeem(row, secret, code, "wrong" * 12).status_code == 400
    assert not Token.objects.filter(type=Token.Type.ACCESS_TOKEN).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"response_type": "id_token"},
        {"prompt": "none"},
    ],
)
def test_only_a_code_that_its_asker_alone_can_redeem_is_ever_offered(city, system, change):
    row, _secret = system
    _verifier, challenge = pkce()

    answer = ask(client_of(city.alice), row, challenge, **change)

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_the_browser_may_follow_the_consent_to_that_system_and_nowhere_else(city, system):
    row, _secret = system
    _verifier, challenge = pkce()

    policy = ask(client_of(city.alice), row, challenge).headers["Content-Security-Policy"]

    assert "form-action 'self' https://enterprise.example;" in policy + ";"


def test_an_officer_without_the_second_factor_is_led_to_it_first(city, system):
    row, _secret = system
    _verifier, challenge = pkce()
    officer = Client(SERVER_NAME="127.0.0.1")
    officer.post("/accounts/login/", {"login": "officer", "password": "xiamen-demo-2026"})

    answer = ask(officer, row, challenge)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(("/accounts/", "/account/"))


def test_a_system_that_was_shut_out_gets_nobody(city, system):
    row, _secret = system
    _verifier, challenge = pkce()
    sso.disconnect(system_id=row.id, by=city.sysadmin, at=NOON)
    sso.disconnect(system_id=row.id, by=city.sysadmin, at=NOON)

    answer = ask(client_of(city.alice), row, challenge)

    assert "form" not in answer.context
    assert Event.objects.filter(name="city_system.disconnected").count() == 1


@pytest.mark.parametrize(
    "uri", ["http://enterprise.example/callback", "https://*.example/", "callback", "https://a.example/#x"]
)
def test_only_whole_safe_addresses_are_taken(city, uri):
    answer = client_of(city.sysadmin).post("/city-systems/", {"name": "x", "redirect_uris": uri})

    assert answer.status_code == 422
    assert CitySystem.objects.count() == 0


def test_a_secret_is_shown_once_and_kept_as_a_digest(city):
    page = client_of(city.sysadmin).post("/city-systems/", {"name": "x", "redirect_uris": CALLBACK})

    secret = page.context["secrets"]["client_secret"]
    row = CitySystem.objects.select_related("client").get()
    assert secret in page.content.decode()
    assert secret not in client_of(city.sysadmin).get("/city-systems/").content.decode()
    assert secret not in row.client.secret
    assert row.client.check_secret(secret)


@pytest.mark.django_db(transaction=True)
def test_the_unified_identity_lets_in_whom_it_knows_and_gives_no_role(live_server, settings, client):
    """The provider of this very city plays the unified identity: real discovery, code, keys and proof over HTTP."""
    city = town.found(at=timezone.now())
    settings.PUBLIC_URL = live_server.url
    address = urlsplit(live_server.url)
    callback = f"{live_server.url}/accounts/oidc/city/login/callback/"
    row, secret = sso.connect(name="我们自己", redirect_uris=[callback], by=city.sysadmin, at=timezone.now())
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "city",
                    "name": "统一身份认证",
                    "client_id": row.client_id,
                    "secret": secret,
                    "settings": {"server_url": live_server.url},
                }
            ],
        }
    }
    newcomer = User.objects.create_user("citizen", "citizen@example.com", name="市民")
    EmailAddress.objects.create(user=newcomer, email=newcomer.email, verified=True, primary=True)
    there, here = Client(HTTP_HOST=address.netloc), Client(HTTP_HOST=address.netloc)
    there.force_login(newcomer, backend=BACKEND)

    door = here.get("/accounts/login/").content.decode()
    sent = here.post("/accounts/oidc/city/login/?process=login")
    page = there.get(sent.headers["Location"].removeprefix(live_server.url))
    back = grant(there, page)
    arrived = here.get(back.headers["Location"].removeprefix(live_server.url))

    assert "统一身份认证" in door
    assert arrived.status_code == 302, arrived.content.decode()[:3000]
    assert here.get("/account/security/").context["user"] == newcomer
    assert Membership.objects.filter(user=newcomer).count() == 0
