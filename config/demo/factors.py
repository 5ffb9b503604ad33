"""The authenticator apps of the demonstration city, which `manage.py demo_code` reads aloud."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt

from portal.accounts.permissions import needs_second_factor

PERIOD = 30


def give(user) -> None:
    """Whoever needs a second factor in the demonstration city comes with an authenticator app."""
    if needs_second_factor(user) and not Authenticator.objects.filter(user=user).exists():
        TOTP.activate(user, generate_totp_secret())


def seconds_left() -> float:
    """How long the present codes are still good."""
    return PERIOD - time.time() % PERIOD


def code_now(username: str) -> str | None:
    """What the app shows at this moment."""
    factor = Authenticator.objects.filter(user__username=username, type=Authenticator.Type.TOTP).first()
    if factor is None:
        return None
    return format_hotp_value(hotp_value(decrypt(factor.data["secret"]), int(time.time()) // PERIOD))
