"""Where allauth asks the house."""

import time

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal import crypto
from portal.accounts import phones
from portal.accounts.models import User
from portal.entrance import actions as accounts
from portal.entrance import locks, stays
from portal.entrance.sealing import PURPOSE
from portal.shell import sms


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

    def clean_username(self, username, shallow=False):
        """A name that reads like another's mailbox or number would draw their wrong tries to itself."""
        if "@" in username or phones.normal(username):
            raise ValidationError(_("用户名不能是邮箱或手机号，请另取一个名称。"))
        return super().clean_username(username, shallow)

    # --- telephone numbers ---------------------------------------------------------------------------
    def phone_form_field(self, **options):
        return phones.PhoneField(**options)

    def get_phone(self, user):
        """A number nobody has proved is a note for colleagues and holds nobody up at the door."""
        return (user.phone, True) if user.is_phone_verified else None

    def set_phone(self, user, phone, verified):
        accounts.set_phone(user_id=user.pk, phone=phone, is_verified=verified)

    def set_phone_verified(self, user, phone):
        accounts.set_phone(user_id=user.pk, phone=phone, is_verified=True)

    def get_user_by_phone(self, phone):
        return User.objects.reached_at(phone)

    def send_verification_code_sms(self, user, phone, code, **more):
        product = settings.CITY["product"]
        sms.send(
            phone, _("【%(product)s】验证码 %(code)s，请勿告诉他人。") % {"product": product, "code": code}
        )


class FactorAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps and recovery codes lie sealed."""

    def encrypt(self, text):
        return crypto.seal(text, PURPOSE)

    def decrypt(self, encrypted_text):
        return crypto.unseal(encrypted_text, PURPOSE)
