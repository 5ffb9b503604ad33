"""Five wrong tries close an account for half an hour, whoever tries and from wherever."""

import math

from allauth.account.internal.userkit import filter_users_by_email
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone

from portal.accounts.models import User
from portal.shell import errors

LONGEST_NAME = User._meta.get_field("username").max_length


def name_of(request, credentials) -> str | None:
    """One name for one account, by whichever of its names somebody tried."""
    if not credentials:
        return None
    typed = str(credentials.get("username") or credentials.get("email") or credentials.get("phone") or "")
    return known_name(typed) or None


def known_name(typed: str) -> str:
    typed = typed.replace("\x00", "").strip()[:LONGEST_NAME]
    user = User.objects.filter(username__iexact=typed).first()
    if user is None and "@" in typed:
        user = next(iter(filter_users_by_email(typed)), None)
    return user.username if user else typed.lower()


def is_locked(request, user) -> bool:
    """Is this account closed at the moment, even for the right password?"""
    return not AxesProxyHandler.is_allowed(request, {"username": user.username})


def count_failure(request, user) -> None:
    """A wrong second factor or code counts like a wrong password."""
    AxesProxyHandler.user_login_failed(sender=User, credentials={"username": user.username}, request=request)


def seconds_left(username: str) -> int:
    """How long until the account opens by itself."""
    last = AccessAttempt.objects.filter(username=username).order_by("-attempt_time").first()
    if last is None:
        return 0
    until = last.attempt_time + settings.AXES_COOLOFF_TIME
    return max(0, math.ceil((until - timezone.now()).total_seconds()))


def answer(request, original=None, credentials=None):
    """The page that says when the account opens again."""
    return errors.locked(request, seconds_left(name_of(request, credentials) or ""))
