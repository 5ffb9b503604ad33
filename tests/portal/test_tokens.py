"""Keys for programs: given, shown once, taken back, and every step on the record."""

from django.test import Client

from portal.audit.models import Event
from portal.tokens import actions as tokens
from portal.tokens.models import ApiToken
from tests.city import NOON


def issue(city):
    return tokens.issue(
        organization=city.ludao, name="训练平台", scopes={"orders:read"}, days=30, by=city.bob, at=NOON
    )


def test_a_key_is_on_the_record_but_its_secret_is_not(city):
    token, secret = issue(city)

    event = Event.objects.get(subject_code=token.code)
    assert (event.name, event.actor, event.organization) == ("token.issued", city.bob, city.ludao)
    assert event.details == {"name": "训练平台", "scopes": ["orders:read"], "days": 30}
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
    alice.force_login(city.alice, backend="allauth.account.auth_backends.AuthenticationBackend")

    answer = alice.post(f"/tokens/{token.code}/revoke/")

    assert answer.status_code == 404
    assert ApiToken.objects.get(id=token.id).revoked_at is None
