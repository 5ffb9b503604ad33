"""Who came in, who was turned away, who changed what opens the door: allauth's and Django's own news, on the record."""

import time
from functools import partial

from allauth.account import signals
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from portal.accounts.models import User
from portal.audit import actions as audit
from portal.entrance import locks, stays
from portal.entrance.actions import first_organization

NAMES = {
    signals.user_signed_up: "account.signed_up",
    signals.user_logged_in: "account.signed_in",
    user_logged_out: "account.signed_out",
    signals.password_changed: "account.password_changed",
    signals.password_set: "account.password_set",
    signals.password_reset: "account.password_reset",
    signals.email_added: "account.email_added",
    signals.email_changed: "account.email_changed",
    signals.email_confirmed: "account.email_confirmed",
    signals.email_removed: "account.email_removed",
}
FACTORS = {
    factors.authenticator_added: "account.factor_added",
    factors.authenticator_removed: "account.factor_removed",
    factors.authenticator_reset: "account.recovery_codes_renewed",
}


def connect():
    """Listen from now on."""
    for signal, name in NAMES.items():
        signal.connect(partial(note, name), weak=False, dispatch_uid=name)
    for signal, name in FACTORS.items():
        signal.connect(partial(note_factor, name), weak=False, dispatch_uid=name)
    user_login_failed.connect(note_refusal, dispatch_uid="account.sign_in_failed")
    factors.authentication_failed.connect(note_wrong_code, dispatch_uid="wrong code")
    user_locked_out.connect(note_lock, dispatch_uid="account.locked")
    user_logged_in.connect(begin_stay, dispatch_uid="stay")


def begin_stay(sender, *, request, **news):
    """From now the clock of this stay runs."""
    stays.begin(request.session, time.time())


def note(name, *, request, user=None, email_address=None, **news):
    """What somebody did with their account, in the record of the first organisation they belong to."""
    user = user or (email_address and email_address.user)
    if user is None:
        return
    before, after = news.get("from_email_address"), news.get("to_email_address")
    details = {
        "email": email_address and email_address.email,
        "before": before and before.email,
        "after": after and after.email,
    }
    audit.record(
        user,
        name,
        by=user,
        organization=first_organization(user),
        address=_address(request),
        **{key: value for key, value in details.items() if value},
    )


def note_factor(name, *, request, user, authenticator, **news):
    """A second factor came or went; recovery codes come and go with the first and the last of them, unsaid."""
    is_codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    if is_codes and name != "account.recovery_codes_renewed":
        return
    if name == "account.factor_added":
        # Whoever has just set it up has just used it.
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    audit.record(
        user,
        name,
        by=user,
        organization=first_organization(user),
        kind=str(authenticator.type),
        address=_address(request),
    )


def note_refusal(sender, *, credentials, request=None, **news):
    """Somebody gave a wrong name or password: the name that was typed, and from where; never the password."""
    typed = str(credentials.get("username") or credentials.get("email") or credentials.get("phone") or "")
    stranger = User(username=typed.replace("\x00", "")[: locks.LONGEST_NAME])
    audit.record(stranger, "account.sign_in_failed", by=None, address=_address(request))


def note_wrong_code(sender, *, request, user, **news):
    """A wrong second factor is a refusal, and counts towards closing the account."""
    audit.record(user, "account.sign_in_failed", by=None, factor="second", address=_address(request))
    locks.count_failure(request, user)


def note_lock(sender, *, request, username, **news):
    """The last of too many tries closed the account; tries on a closed one are no news."""
    if request.axes_failures_since_start is None:
        return
    user = User.objects.filter(username=username).first() or User(username=username or "")
    audit.record(
        user,
        "account.locked",
        by=None,
        organization=first_organization(user),
        tries=request.axes_failures_since_start,
        address=_address(request),
    )


def _address(request) -> str:
    return (request and locks.address_of(request)) or ""
