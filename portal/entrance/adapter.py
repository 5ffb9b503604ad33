"""Where allauth asks the house."""

import time

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter

from portal import crypto
from portal.entrance import locks, stays


class AccountAdapter(DefaultAccountAdapter):
    def login(self, request, user):
        """Whichever way somebody came, a closed account stays closed."""
        if locks.is_locked(request, user):
            raise ImmediateHttpResponse(locks.answer(request, credentials={"username": user.username}))
        super().login(request, user)

    def is_reauthentication_required(self, *, app, **more):
        """Whoever signed in a moment ago need not say so again."""
        seconds = app_settings.REAUTHENTICATION_TIMEOUT
        if stays.is_recent(context.request.session, time.time(), seconds):
            return False
        return super().is_reauthentication_required(app=app, **more)


class FactorAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps and recovery codes lie sealed."""

    PURPOSE = "second-factor"

    def encrypt(self, text):
        return crypto.seal(text, self.PURPOSE)

    def decrypt(self, encrypted_text):
        return crypto.unseal(encrypted_text, self.PURPOSE)
