"""Two browsers with the same recovery code at the same moment: one comes in."""

from functools import partial

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from portal.accounts.models import User
from portal.accounts.permissions import Role
from portal.entrance import actions as entrance
from portal.organizations.models import Membership
from tests import city as town
from tests.city import NOON
from tests.concurrency.races import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def city(transactional_db):
    return town.found()


def test_a_recovery_code_lets_one_in(city):
    codes = RecoveryCodes.activate(city.bob)
    code = codes.get_unused_codes()[0]
    let_in = []

    race(*[lambda: let_in.append(RecoveryCodes.activate(city.bob).validate_code(code))] * 6)

    assert sorted(let_in) == [False] * 5 + [True]
    assert len(RecoveryCodes.activate(city.bob).get_unused_codes()) == 9


def test_two_hands_never_close_the_last_two_administrators(city):
    other = User.objects.create_user("security2", "security2@example.com", None)
    Membership.objects.create(
        user=other,
        organization=Membership.objects.get(user=city.security).organization,
        role="security_admin",
    )
    close = [
        partial(entrance.disable, user_id=u.id, reason="x", by=None, at=NOON) for u in (city.security, other)
    ]

    outcome = race(*close)

    assert outcome == {"ok": 1, "cannot_close": 1}
    assert User.objects.filter(memberships__role="security_admin", is_active=True).count() == 1


def test_one_word_founds_one_administration(transactional_db):
    def found(name):
        entrance.found_administration(
            role=Role.SYSTEM_ADMIN,
            username=name,
            email=f"{name}@example.com",
            name=name,
            password="Lantern-river-42",
            organization_name="新平台运营公司",
            at=NOON,
        )

    outcome = race(*[partial(found, f"first{number}") for number in range(4)])

    assert outcome == {"ok": 1, "already_founded": 3}
    assert User.objects.count() == 1
