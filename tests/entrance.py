"""How the people of the tests sign in."""

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from config.demo import factors
from portal.accounts.permissions import needs_second_factor

BACKEND = "portal.organizations.backends.WithMemberships"
SECRET = "ONSWG4TFOQQGM33SEB2GK43UNFXGO==="


def code_now(secret=SECRET) -> str:
    """What an authenticator app with this secret shows at this moment."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def code_of(user) -> str:
    """What this person's own app shows at this moment."""
    return factors.code_now(user.username)


def use_second_factor(client, user):
    """Leave the session of whoever needs it as typing the code at the door leaves it."""
    if not needs_second_factor(user):
        return
    factors.give(user)
    factor = Authenticator.objects.filter(user=user).first()
    session = client.session
    used = {"method": "mfa", "at": time.time(), "id": factor and factor.pk, "type": "totp"}
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [used]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
