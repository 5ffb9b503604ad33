"""Two browsers with the same recovery code at the same moment: one comes in."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from config.demo import city as demo
from portal.accounts.models import User
from tests.city import NOON
from tests.concurrency.races import race

pytestmark = pytest.mark.django_db(transaction=True)
