"""Five wrong tries close an account for half an hour, whoever tries and from wherever."""

import math

from allauth.account.internal.userkit import filter_users_by_email
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal.accounts import phones
from portal.accounts.models import User
from portal.shell import errors
from portal.shell.masking import mask_email, mask_phone

LONGEST_NAME: int = User._meta.get_field("username").max_length or 0
SHORTEST_NUMBER, MARK_LETTERS = 7, 8


def name_of(request, credentials) -> str | None:
    """One name for one account, by whichever of its names somebody tried."""
    if not credentials:
        return None
    typed = str(credentials.get("username") or credentials.get("email") or credentials.get("phone") or "")
    typed = typed.replace("\x00", "").strip()[:LONGEST_NAME]
    user = User.objects.filter(username__iexact=typed).first()
    if user is None and "@" in typed:
        user = next(iter(filter_users_by_email(typed)), None)
    user = user or User.objects.reached_at(typed)
    return user.username if user else _veiled(typed.lower()) or None


def _veiled(typed: str) -> str:
    """What nobody here is called: a mailbox or a number is a stranger's own, so only its ends and a mark are written."""
    number = phones.normal(typed)
    if "@" in typed:
        shown = mask_email(typed)
    elif sum(letter.isdigit() for letter in typed) >= SHORTEST_NUMBER:
        shown = mask_phone(number or typed)
    else:
        return typed
    # Without the mark, strangers would be counted together, and a closed one would show who is none.
    mark = salted_hmac("portal.entrance.locks", number or typed).hexdigest()[:MARK_LETTERS]
    return f"{shown[: LONGEST_NAME - MARK_LETTERS - 1]}#{mark}"


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
