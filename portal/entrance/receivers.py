"""Who came in, who was turned away, who changed what opens the door: allauth's and Django's own news, on the record."""

import time
from functools import partial

from allauth.account import signals
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.utils import timezone
from django.utils.translation import gettext_noop

from portal.accounts.models import User
from portal.audit import actions as audit
from portal.entrance import devices, locks, queries, stays
from portal.entrance.actions import first_organization
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import limits

NAMES = {
    signals.user_signed_up: "account.signed_up",
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
# What the owner of an account should hear of at once, in case it was somebody else.
NEWS = {
    "account.password_changed": gettext_noop(
        "您的密码已修改。若非本人操作，请立即重设密码并联系安全管理员。"
    ),
    "account.password_set": gettext_noop(
        "您的账号已设置密码。若非本人操作，请立即重设密码并联系安全管理员。"
    ),
    "account.password_reset": gettext_noop("您的密码已通过邮件重设。若非本人操作，请立即联系安全管理员。"),
    "account.email_changed": gettext_noop("您的主邮箱已更换。若非本人操作，请立即联系安全管理员。"),
    "account.factor_added": gettext_noop("您的账号启用了新的第二因素。若非本人操作，请立即联系安全管理员。"),
    "account.factor_removed": gettext_noop(
        "您的账号停用了一个第二因素。若非本人操作，请立即联系安全管理员。"
    ),
    "account.recovery_codes_renewed": gettext_noop(
        "您的恢复码已重新生成。若非本人操作，请立即联系安全管理员。"
    ),
}
NEW_DEVICE = gettext_noop("您的账号在新设备登录：%(device)s，%(address)s。若非本人操作，请立即修改密码。")


def connect():
    """Listen from now on."""
    for signal, name in NAMES.items():
        signal.connect(partial(note, name), weak=False, dispatch_uid=name)
    for signal, name in FACTORS.items():
        signal.connect(partial(note_factor, name), weak=False, dispatch_uid=name)
    signals.user_logged_in.connect(note_sign_in, dispatch_uid="account.signed_in")
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
    _tell(user, name)


def note_sign_in(sender, *, request, user, **news):
    """Somebody came in; a device that their record does not know is news to the owner of the account."""
    device = devices.named(request.headers.get("User-Agent", ""))
    is_new = queries.is_new_device(user, device)
    audit.record(
        user,
        "account.signed_in",
        by=user,
        organization=first_organization(user),
        address=_address(request),
        device=device,
    )
    if is_new:
        notices.notify(
            kind=Notice.Kind.SECURITY,
            sentence=NEW_DEVICE,
            values={"device": device, "address": _address(request)},
            url="/account/security/",
            at=timezone.now(),
            user=user,
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
    _tell(user, name)


def note_refusal(sender, *, credentials, request=None, **news):
    """Somebody gave a wrong name or password: whom they meant, and from where; never the password."""
    meant = User(username=locks.name_of(request, credentials) or "")
    audit.record(meant, "account.sign_in_failed", by=None, address=_address(request))


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


def _tell(user, name):
    if name in NEWS:
        notices.notify(
            kind=Notice.Kind.SECURITY,
            sentence=NEWS[name],
            values={},
            url="/account/security/",
            at=timezone.now(),
            user=user,
        )


def _address(request) -> str:
    return (request and limits.address_of(request)) or ""
