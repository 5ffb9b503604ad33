"""How the people of the tests sign in."""

import base64
import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from portal.accounts.permissions import is_officer

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SECRET = base64.b32encode(b"a secret for testing").decode()


def second_factor_of(user) -> Authenticator:
    """This person's authenticator app, set up now unless it was before."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return found or TOTP.activate(user, SECRET).instance


def code_now(secret=SECRET) -> str:
    """What the app shows at this moment."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def use_second_factor(client, user):
    """Leave an officer's session as typing the code at the door leaves it."""
    if not is_officer(user):
        return
    factor = second_factor_of(user)
    session = client.session
    used = {"method": "mfa", "at": time.time(), "id": factor.pk, "type": factor.type}
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [used]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
