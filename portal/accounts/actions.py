"""Proving who one is outside of allauth's own pages, and in which language one is written to."""

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed

from portal.accounts.models import User


def check_code(*, user, code, request) -> bool:
    """Is this the code of the person's app, or one of their recovery codes? Each is good once, and wrong ones count."""
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    if any(factor.wrap().validate_code(code) for factor in factors):
        return True
    authentication_failed.send(
        sender=Authenticator,
        request=request,
        user=user,
        authenticator=factors.first(),
        reauthentication=False,
    )
    return False


def choose_language(*, user_id, language) -> None:
    """From now on letters and short messages speak it, too."""
    User.objects.filter(id=user_id).exclude(language=language).update(language=language)
