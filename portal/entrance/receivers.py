"""Who came in, who was turned away, who changed a password: allauth's and Django's own news, put on the record."""

from functools import partial

from allauth.account import signals
from allauth.account.adapter import get_adapter
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.core.exceptions import PermissionDenied

from portal.accounts.models import User
from portal.accounts.permissions import memberships
from portal.audit import actions as audit

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
LONGEST_NAME = User._meta.get_field("username").max_length


def connect():
    """Listen from now on."""
    for signal, name in NAMES.items():
        signal.connect(partial(note, name), weak=False, dispatch_uid=name)
    user_login_failed.connect(note_refusal, dispatch_uid="account.sign_in_failed")


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
        organization=next((m.organization for m in memberships(user)), None),
        address=_address(request),
        **{key: value for key, value in details.items() if value},
    )


def note_refusal(sender, *, credentials, request=None, **news):
    """Somebody gave a wrong name or password: the name that was typed, and from where; never the password."""
    typed = str(credentials.get("username") or credentials.get("email") or "")
    stranger = User(username=typed.replace("\x00", "")[:LONGEST_NAME])
    audit.record(stranger, "account.sign_in_failed", by=None, address=_address(request))


def _address(request) -> str:
    """The same address that allauth counts tries by."""
    if request is None:
        return ""
    try:
        return get_adapter().get_client_ip(request)
    except PermissionDenied:
        # Behind a Unix socket there is no address, and the deed must still be written down.
        return ""
