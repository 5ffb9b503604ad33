"""Ending a stay, closing an account and opening it again."""

from allauth.usersessions.models import UserSession
from axes.handlers.proxy import AxesProxyHandler
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.permissions import Role, memberships
from portal.audit import actions as audit
from portal.entrance.locks import address_of
from portal.organizations.models import Membership
from portal.shell.exceptions import Refusal

VITAL = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}


class CannotClose(Refusal):
    """Without this account nobody could run the platform."""

    status = 409
    code = "cannot_close"


def first_organization(user):
    """In whose record a person's own deeds stand."""
    return next((m.organization for m in memberships(user)), None)


def note_time_out(*, user, request) -> None:
    """The stay ended by itself."""
    audit.record(
        user,
        "account.timed_out",
        by=None,
        organization=first_organization(user),
        address=address_of(request) or "",
    )


def end_stay(*, stay, user) -> None:
    """Sign a person out of one of their browsers."""
    with transaction.atomic():
        stay.row.end()
        audit.record(
            user,
            "account.stay_ended",
            by=user,
            organization=first_organization(user),
            device=stay.device,
            address=stay.address,
        )


def end_stays(*, stays, user) -> None:
    """Sign a person out of all these browsers."""
    with transaction.atomic():
        for stay in stays:
            stay.row.end()
        audit.record(
            user,
            "account.other_stays_ended",
            by=user,
            organization=first_organization(user),
            count=len(stays),
        )


def disable(*, user_id, reason, by, at) -> User:
    """Close an account at once: no page, no session and no key of it works any more."""
    with transaction.atomic():
        # The vital ones are locked too: without, two hands could close the last two at the same moment.
        vital = Membership.objects.filter(role__in=VITAL).values("user_id")
        rows = User.objects.select_for_update(no_key=True, of=("self",)).filter(
            Q(id=user_id) | Q(id__in=vital)
        )
        user = next(row for row in rows.order_by("id") if row.id == user_id)
        if not user.is_active:
            return user
        if by is not None and by.id == user.id:
            raise CannotClose(_("不能停用自己的账号，请由另一位安全管理员操作。"))
        if is_last_of_its_kind(user):
            raise CannotClose(_("这是最后一个可用的系统管理员或安全管理员账号，不能停用。"))
        user.is_active = False
        user.disabled_reason = reason
        user.save(update_fields=["is_active", "disabled_reason"])
        for row in UserSession.objects.filter(user=user):
            row.end()
        audit.record(
            user,
            "account.disabled",
            by=by,
            organization=first_organization(user),
            reason=reason,
            before={"is_active": True},
            after={"is_active": False},
        )
    return user


def is_last_of_its_kind(user) -> bool:
    """Would the platform have no system or no security administrator left?"""
    vital = {m.role for m in memberships(user)} & VITAL
    others = User.objects.filter(is_active=True).exclude(id=user.id)
    return any(not others.filter(memberships__role=role).exists() for role in vital)


def enable(*, user_id, by, at) -> User:
    """Open an account again."""
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True, of=("self",)).get(id=user_id)
        if user.is_active:
            return user
        user.is_active = True
        user.disabled_reason = ""
        user.enabled_at = at
        user.idle_warned_at = None
        user.save(update_fields=["is_active", "disabled_reason", "enabled_at", "idle_warned_at"])
        audit.record(
            user,
            "account.enabled",
            by=by,
            organization=first_organization(user),
            before={"is_active": False},
            after={"is_active": True},
        )
    return user


def unlock(*, username, by) -> None:
    """Forget the wrong tries on an account, so that its owner may try again."""
    with transaction.atomic():
        if AxesProxyHandler.reset_attempts(username=username):
            user = User.objects.filter(username=username).first() or User(username=username)
            audit.record(user, "account.unlocked", by=by, organization=first_organization(user))
