"""Whoever lost every factor comes in again when two administrators vouch for them, and never by one alone."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from config.demo.data import PASSWORD
from portal.audit.models import Event
from portal.notices.models import Notice
from portal.recovery import actions as recovery
from portal.recovery.models import FactorReset
from portal.shell.exceptions import IllegalMove
from tests.city import NOON
from tests.entrance import BACKEND

PAGE = "/people/factor-resets/"
PROOF = "当面核对身份证，与入职照片一致"


@pytest.fixture(autouse=True)
def fresh_counts():
    cache.clear()


@pytest.fixture
def reset(city):
    return recovery.propose(user=city.officer, proof=PROOF, by=city.security, at=NOON)


def visitor(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def factors_of(user) -> int:
    return Authenticator.objects.filter(user=user).count()


def test_two_administrators_give_somebody_a_way_in_again(city):
    officer = visitor(city.officer)
    officer.get("/desk/")
    UserSession.objects.create(user=city.officer, ip="127.0.0.1", session_key=officer.session.session_key)
    visitor(city.security).post(PAGE, {"username": "officer", "proof": PROOF})
    reset = FactorReset.objects.get()
    assert (reset.proof, reset.proposed_by, factors_of(city.officer)) == (PROOF, city.security, 1)
    assert Notice.objects.filter(user=city.sysadmin, url=PAGE).count() == 1

    visitor(city.sysadmin).post(f"{PAGE}{reset.code}/confirm/")

    assert factors_of(city.officer) == 0
    assert officer.get("/desk/").status_code == 302
    client = Client()
    client.post("/accounts/login/", {"login": "officer", "password": PASSWORD})
    assert client.get("/cockpit/")["Location"] == "/account/security/"
    assert Notice.objects.filter(user=city.officer, url="/account/security/").count() == 1
    event = Event.objects.get(name="account.factors_reset")
    assert (event.actor, event.subject_code) == (city.sysadmin, "officer")
    assert event.details["before"] == {"factors": ["totp"]}


@pytest.mark.parametrize("name", ["security", "officer"])
def test_neither_the_proposer_nor_the_person_is_the_second_one(city, reset, name):
    by = getattr(city, name)

    for deed in (recovery.confirm, recovery.refuse):
        with pytest.raises(recovery.NotThatPerson):
            deed(reset_id=reset.id, by=by, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            FactorReset.objects.update(decided_by=by)

    reset.refresh_from_db()
    assert (reset.status, factors_of(city.officer)) == ("pending", 1)


def test_nobody_proposes_it_for_themselves(city):
    answer = visitor(city.security).post(PAGE, {"username": "security", "proof": PROOF})

    assert answer.status_code == 422
    assert "不能为自己提出" in answer.content.decode()
    assert not FactorReset.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        FactorReset.objects.create(
            code="x", user=city.bob, proof=PROOF, proposed_by=city.bob, proposed_at=timezone.now()
        )


def test_a_person_has_one_open_reset(city, reset):
    answer = visitor(city.sysadmin).post(PAGE, {"username": "officer", "proof": PROOF})

    assert answer.status_code == 422
    assert "已有一项待核准" in answer.content.decode()
    assert FactorReset.objects.count() == 1


def test_a_refusal_leaves_everything_as_it_was(city, reset):
    visitor(city.auditadmin).post(f"{PAGE}{reset.code}/refuse/")

    reset.refresh_from_db()
    assert (reset.status, reset.decided_by, factors_of(city.officer)) == ("refused", city.auditadmin, 1)
    with pytest.raises(IllegalMove):
        recovery.confirm(reset_id=reset.id, by=city.sysadmin, at=NOON)
    assert factors_of(city.officer) == 1


@pytest.mark.parametrize("name", ["alice", "officer", "operator", "auditor"])
def test_only_administrators_vouch(city, reset, name):
    client = visitor(getattr(city, name))

    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}{reset.code}/confirm/").status_code == 403
    assert factors_of(city.officer) == 1
