"""Ending a stay, closing an account and opening it again."""

import secrets

from allauth.usersessions.models import UserSession
from axes.handlers.proxy import AxesProxyHandler
from django.core import signing
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.accounts.models import User
from portal.accounts.permissions import ADMINISTRATORS, Role, memberships
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.models import Membership, Organization
from portal.shell import tenancy
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.limits import address_of

FIRST = "first-administrator"
FIRST_SECONDS = 3600
FOUNDING_LOCK = 0xF0DED
VITAL = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}


class AlreadyFounded(Refusal):
    """There is an administrator of this kind already."""

    status = 409
    code = "already_founded"


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


def note_refused_place(*, user, request) -> None:
    """Somebody's role may not work from where they are."""
    audit.record(
        user,
        "account.refused_place",
        by=user,
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


def set_phone(*, user_id, phone, is_verified) -> None:
    """A person's number, once proved good for codes. Saying it twice changes nothing; the record keeps four digits."""
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True, of=("self",)).get(id=user_id)
        before = user.phone
        if (before, user.is_phone_verified) == (phone, is_verified):
            return
        user.phone, user.is_phone_verified = phone, is_verified
        user.save(update_fields=["phone", "phone_index", "is_phone_verified"])
        if is_verified:
            audit.record(
                user,
                "account.phone_verified",
                by=user,
                organization=first_organization(user),
                before={"phone": before[-4:]},
                after={"phone": phone[-4:]},
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


def warn_idle(*, user_id, closes_on, at) -> None:
    """Tell somebody a week ahead that their unused account will be closed."""
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True, of=("self",)).get(id=user_id)
        user.idle_warned_at = at
        user.save(update_fields=["idle_warned_at"])
        notices.notify(
            kind=Notice.Kind.DEADLINE,
            sentence=gettext_noop("您的账号久未使用，将于 %(closes_on)s 停用；登录一次即可保留。"),
            values={"closes_on": f"{closes_on:%Y-%m-%d}"},
            url="/account/security/",
            at=at,
            user=user,
        )
        audit.record(
            user,
            "account.idle_warned",
            by=None,
            organization=first_organization(user),
            closes_on=f"{closes_on:%Y-%m-%d}",
        )


def vacant_posts() -> list[Role]:
    """Which of the three administrators nobody is yet."""
    with tenancy.citywide():
        held = set(Membership.objects.filter(role__in=ADMINISTRATORS).values_list("role", flat=True))
    return [role for role in Role if role in ADMINISTRATORS - held]


def invite_administrator(role: Role) -> str:
    """A word that makes one person the first such administrator, good for an hour and as long as there is none."""
    _refuse_second(role)
    return signing.dumps([role, secrets.token_urlsafe(9)], salt=FIRST)


def post_in(word: str) -> Role | None:
    """Which of the three administrators whoever holds this word may still become."""
    try:
        role, _once = signing.loads(word, salt=FIRST, max_age=FIRST_SECONDS)
        _refuse_second(role)
    except (signing.BadSignature, AlreadyFounded):
        return None
    return Role(role)


def operating_organization() -> Organization | None:
    """Who runs the platform, once somebody has said so."""
    return Organization.objects.filter(kind=Organization.Kind.PLATFORM).order_by("id").first()


def found_administration(*, role, username, email, name, password, organization_name, at) -> User:
    """The first administrator of one of the three kinds, with the first also the organisation that runs the platform."""
    with transaction.atomic(), tenancy.citywide():
        # Without the lock, two browsers with the same word could both find nobody there.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FOUNDING_LOCK])
        _refuse_second(role)
        organization = operating_organization() or Organization.objects.create(
            code=new_code("PL"), kind=Organization.Kind.PLATFORM, name=organization_name
        )
        user = User.objects.create_user(username, email, password, name=name)
        Membership.objects.create(user=user, organization=organization, role=role)
        audit.record(user, "account.first_administrator", by=user, organization=organization, role=role)
    return user


def _refuse_second(role) -> None:
    if role not in vacant_posts():
        raise AlreadyFounded(_("平台已有此类管理员，不能再用一次性码建立；请由安全管理员邀请。"))


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
