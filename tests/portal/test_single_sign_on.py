"""Other systems of the city use our door, and our door knows the city's unified identity: both are proved on each other."""

import base64
import hashlib
import json
import secrets
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Event
from portal.organizations.models import Membership
from portal.sso import actions as sso
from portal.sso.models import CityConsent, CitySystem
from tests import city as town
from tests.city import NOON
from tests.entrance import BACKEND

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
    assert Event.objects.get(name="city_system.consented").actor == city.alice


def given_to(system, secret, user) -> dict:
    """The keys a system holds once this person has let it know who they are, and the code they came for."""
    if not EmailAddress.objects.filter(user=user).exists():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client, (verifier, challenge) = client_of(user), pkce()
    answer = grant(client, ask(client, system, challenge))
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    return redeem(system, secret, code, verifier).json() | {"code": code, "verifier": verifier}


def renew(system, secret, refresh_token):
    return Client(SERVER_NAME="127.0.0.1").post(
        "/oauth/token",
        {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": system.client_id,
            "client_secret": secret,
        },
    )


def who(keys) -> int:
    headers = {"authorization": f"Bearer {keys['access_token']}"}
    return Client(SERVER_NAME="127.0.0.1").get("/oauth/userinfo", headers=headers).status_code


def test_a_code_shown_twice_ends_what_it_gave(city, system):
    row, secret = system
    keys, others = given_to(row, secret, city.alice), given_to(row, secret, city.bob)
    assert who(keys) == 200

    again = redeem(row, secret, keys["code"], keys["verifier"])

    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert who(keys) == 401
    assert renew(row, secret, keys["refresh_token"]).status_code == 400
    assert who(others) == 200
    assert Event.objects.get(name="city_system.code_replayed").details == {"ended": 2}


def test_a_code_has_one_try_even_for_the_right_proof(city, system):
    row, secret = system
    EmailAddress.objects.create(user=city.alice, email=city.alice.email, verified=True, primary=True)
    alice, (verifier, challenge) = client_of(city.alice), pkce()
    answer = grant(alice, ask(alice, row, challenge))
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    tries = [redeem(row, secret, code, proof).status_code for proof in ("wrong" * 12, verifier)]

    assert tries == [400, 400]
    assert not Token.objects.exists()


def test_nothing_outlives_the_consent_however_often_it_is_renewed(city, system):
    row, secret = system
    keys = given_to(row, secret, city.alice)
    consent = CityConsent.objects.get()
    soon = timezone.now() + timedelta(days=2)
    CityConsent.objects.update(until=soon)

    fresh = renew(row, secret, keys["refresh_token"]).json()

    assert consent.until - consent.given_at == timedelta(days=90)
    assert set(Token.objects.filter(type="rt").values_list("expires_at", flat=True)) == {soon}
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert renew(row, secret, fresh["refresh_token"]).status_code == 400


def test_the_page_of_consent_says_for_how_long(city, system):
    row, _secret = system
    _verifier, challenge = pkce()

    page = ask(client_of(city.alice), row, challenge).content.decode()

    until = timezone.localdate(timezone.now() + timedelta(days=90))
    assert f"授权有效期 90 天，至 {until:%Y-%m-%d}" in page


def test_a_person_sees_their_consents_and_takes_them_back(city, system):
    row, secret = system
    keys, others = given_to(row, secret, city.alice), given_to(row, secret, city.bob)
    mine = CityConsent.objects.get(user=city.alice)
    alice = client_of(city.alice)

    seen = alice.get("/city-systems/mine/")
    stranger = client_of(city.bob).post(f"/city-systems/mine/{mine.code}/withdraw/")
    assert (list(seen.context["consents"]), stranger.status_code, who(keys)) == ([mine], 404, 200)
    assert "市企业服务平台" in seen.content.decode()
    for _ in range(2):
        alice.post(f"/city-systems/mine/{mine.code}/withdraw/")

    assert (who(keys), who(others)) == (401, 200)
    assert renew(row, secret, keys["refresh_token"]).status_code == 400
    assert list(alice.get("/city-systems/mine/").context["consents"]) == []
    assert Event.objects.filter(name="city_system.consent_withdrawn", actor=city.alice).count() == 1


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
                    "settings": {"server_url": live_server.url, "issuer": live_server.url},
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


# --- an identity that errs or lies ----------------------------------------------------------------------
ISSUER = "https://id.city.example"
KEY, STRANGERS_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


class Identity(requests.adapters.BaseAdapter):
    """A unified identity whose every word can be bent."""

    def __init__(self, **bent):
        super().__init__()
        self.bent, self.nonce = bent, ""

    def send(self, request, **more):
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, request.url
        answer.headers["content-type"] = "application/json"
        answer._content = json.dumps(
            getattr(self, urlsplit(request.url).path.rsplit("/", 1)[-1].replace("-", "_"))()
        ).encode()
        return answer

    def close(self):
        pass

    def openid_configuration(self):
        return {
            "issuer": self.bent.get("metadata", ISSUER),
            **{f"{name}_endpoint": f"{ISSUER}/{name}" for name in ("authorization", "token", "userinfo")},
            "jwks_uri": f"{ISSUER}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def jwks(self):
        return {"keys": [jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "k"}]}

    def userinfo(self):
        return {
            "sub": self.bent.get("userinfo", "u-1"),
            "email": "citizen@example.com",
            "email_verified": True,
            "name": "市民",
            "preferred_username": "13911112222",
            "phone_number": "13911112222",
            "id_number": "350200199001011239",
        }

    def token(self):
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "us", "sub": "u-1", "iat": now, "exp": now + 60, "nonce": self.nonce}
        claims |= {"phone_number": "13911112222", "id_number": "350200199001011239"}
        claims |= self.bent.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        key, algorithm = self.bent.get("signed", (KEY, "RS256"))
        header = self.bent.get("header", {"kid": "k"})
        id_token = jwt.encode(claims, key, algorithm=algorithm, headers=header)
        told = {"access_token": "a", "token_type": "Bearer", "expires_in": 60}
        return told if "silent" in self.bent else told | {"id_token": id_token}


@pytest.fixture
def arrive(city, settings, monkeypatch):
    """Walk through an identity's door and back; who is signed in then."""
    app = {"provider_id": "city", "name": "统一身份认证", "client_id": "us", "secret": "s"}
    app["settings"] = {"server_url": ISSUER, "issuer": ISSUER}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}

    def walk(**bent):
        identity, session = Identity(**bent), requests.Session()
        session.mount("https://", identity)
        monkeypatch.setattr("portal.sso.adapters.UnifiedIdentity.get_requests_session", lambda self: session)
        client = Client(SERVER_NAME="127.0.0.1")
        sent = client.post("/accounts/oidc/city/login/?process=login&auth_params=nonce%3Dmine")
        if sent.status_code != 302:
            return None
        asked = parse_qs(urlsplit(sent.headers["Location"]).query)
        (identity.nonce,) = asked["nonce"]
        assert identity.nonce != "mine"
        client.get("/accounts/oidc/city/login/callback/", {"code": "c", "state": asked["state"][0]})
        return client.session.get("_auth_user_id")

    return walk


def hs256_with_the_public_key() -> tuple:
    return base64.b64encode(PUBLIC).decode(), "HS256"


@pytest.mark.parametrize(
    "bent",
    [
        pytest.param({"claims": {"nonce": "another"}}, id="another nonce"),
        pytest.param({"claims": {"nonce": None}}, id="no nonce"),
        pytest.param({"claims": {"iss": "https://evil.example"}}, id="another issuer"),
        pytest.param({"metadata": "https://evil.example"}, id="metadata of another issuer"),
        pytest.param({"claims": {"aud": "them"}}, id="for another system"),
        pytest.param({"claims": {"exp": 1}}, id="too old"),
        pytest.param({"signed": (STRANGERS_KEY, "RS256")}, id="signed by a stranger"),
        pytest.param({"signed": (None, "none")}, id="not signed"),
        pytest.param({"signed": hs256_with_the_public_key()}, id="signed with what everybody knows"),
        pytest.param({"header": {}}, id="signed with a key without a name"),
        pytest.param({"header": {"kid": "other"}}, id="signed with an unknown key"),
        pytest.param({"silent": True}, id="no proof at all"),
        pytest.param({"userinfo": "u-2"}, id="details of somebody else"),
    ],
)
def test_a_word_that_is_not_the_identitys_own_opens_nothing(arrive, bent):
    assert arrive(**bent) is None
    assert not User.objects.filter(email="citizen@example.com").exists()


def test_the_identitys_own_word_opens_the_door(arrive):
    assert arrive() == str(User.objects.get(email="citizen@example.com").pk)


def test_of_a_newcomer_only_the_name_and_the_mailbox_are_kept(arrive):
    for _visit in range(2):
        arrive()

    user = User.objects.get(email="citizen@example.com")
    assert user.name == "市民"
    assert user.socialaccount_set.get().extra_data == {"sub": "u-1"}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for number in ("13911112222", "350200199001011239"):
                cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{number}%"])
                assert (table, cursor.fetchone()) == (table, (0,))
