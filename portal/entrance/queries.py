"""What a person may see about their own ways in, and a security administrator about everybody's."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, Sum
from django.db.models.functions import Greatest
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Event
from portal.entrance import devices
from portal.shell import tenancy


@dataclass(frozen=True)
class Stay:
    """One browser in which somebody is signed in. Its code is not the key that opens it."""

    code: str
    device: str
    address: str
    begun_at: datetime
    seen_at: datetime
    is_this: bool
    row: UserSession


def stays_of(user, this_key: str) -> list[Stay]:
    """Where this person is signed in, the latest first."""
    rows = sorted(UserSession.objects.purge_and_list(user), key=lambda row: row.last_seen_at, reverse=True)
    return [
        Stay(
            code=hashlib.sha256(row.session_key.encode()).hexdigest()[:16],
            device=devices.named(row.user_agent),
            address=row.ip,
            begun_at=row.created_at,
            seen_at=row.last_seen_at,
            is_this=row.session_key == this_key,
            row=row,
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Factors:
    """How a person can prove who they are, beside the password."""

    totp: Authenticator | None
    keys: list[Authenticator]
    recovery_codes_left: int | None

    @property
    def is_protected(self) -> bool:
        return bool(self.totp or self.keys)


def factors_of(user) -> Factors:
    """The second factors of one person."""
    rows = list(Authenticator.objects.filter(user=user).order_by("id"))
    codes = next((r for r in rows if r.type == Authenticator.Type.RECOVERY_CODES), None)
    return Factors(
        totp=next((r for r in rows if r.type == Authenticator.Type.TOTP), None),
        keys=[r for r in rows if r.type == Authenticator.Type.WEBAUTHN],
        recovery_codes_left=len(codes.wrap().get_unused_codes()) if codes else None,
    )


@tenancy.citywide()
def is_new_device(user, device: str) -> bool:
    """Has this person signed in before, and never with such a device? The record is asked before they are known."""
    past = Event.objects.filter(
        subject_type="user", subject_code=user.username, name="account.signed_in"
    ).values_list("details__device", flat=True)
    known = set(past.order_by().distinct())
    return bool(known) and device not in known


def idle_since(moment):
    """Open accounts that nobody, and no key of theirs, has used since."""
    last = Greatest("date_joined", "last_login", "enabled_at", Max("tokens__last_used_at"))
    return User.objects.filter(is_active=True).annotate(used_at=last).filter(used_at__lt=moment)


@dataclass(frozen=True)
class Lock:
    """An account that too many wrong tries have closed."""

    username: str
    tries: int
    last_at: datetime
    opens_at: datetime
    addresses: list[str]


def locks(at=None) -> list[Lock]:
    """The accounts closed at this moment."""
    at = at or timezone.now()
    since = at - settings.AXES_COOLOFF_TIME
    rows = AccessAttempt.objects.filter(attempt_time__gte=since, username__isnull=False)
    closed = (
        rows.order_by()
        .values("username")
        .annotate(tries=Sum("failures_since_start"), last_at=Max("attempt_time"))
        .filter(tries__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("-last_at")
    )
    addresses: dict[str, set] = {}
    for username, address in rows.values_list("username", "ip_address"):
        addresses.setdefault(username, set()).add(address or "—")
    return [
        Lock(
            username=row["username"],
            tries=row["tries"],
            last_at=row["last_at"],
            opens_at=row["last_at"] + settings.AXES_COOLOFF_TIME,
            addresses=sorted(addresses[row["username"]]),
        )
        for row in closed
    ]
