"""A program that fetches its key twice at the same moment, and a person who says yes and no at once."""

import time
from functools import partial

import pytest

from portal.tokens import device_logins
from portal.tokens.models import ApiToken, DeviceLogin, DeviceLoginQuerySet
from tests import city as town
from tests.city import NOON
from tests.concurrency.races import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def city(transactional_db):
    return town.found()


@pytest.fixture
def asked(db):
    return device_logins.ask(program="slctl", machine="", scopes=[], address=None, at=NOON)


def say_yes(city, asked):
    reach = {"kind": "live", "scopes": ["orders:read"], "days": 30}
    device_logins.consent(login_id=asked[0].id, organization=city.ludao, **reach, by=city.bob, at=NOON)


def test_two_polls_at_once_give_one_key(city, asked):
    say_yes(city, asked)

    outcome = race(*[partial(device_logins.redeem, device_code=asked[1], at=NOON)] * 4)

    assert outcome == {"ok": 1, "invalid_grant": 3}
    assert ApiToken.objects.count() == 1


def test_without_the_lock_two_polls_would_give_two(city, asked, monkeypatch):
    say_yes(city, asked)

    def look_only(rows, **which):
        found = rows.filter(**which).first()
        time.sleep(0.5)
        return found

    monkeypatch.setattr(DeviceLoginQuerySet, "locked", look_only)

    outcome = race(*[partial(device_logins.redeem, device_code=asked[1], at=NOON)] * 2)

    assert (outcome, ApiToken.objects.count()) == ({"ok": 2}, 2)


def test_a_yes_and_a_no_at_once_are_one_answer(city, asked):
    no = partial(device_logins.refuse, login_id=asked[0].id, organization=city.ludao, by=city.bob, at=NOON)

    outcome = race(partial(say_yes, city, asked), no)

    assert outcome == {"ok": 1, "code_unusable": 1}
    row = DeviceLogin.objects.get()
    assert (row.consented_at is None) != (row.refused_at is None)
