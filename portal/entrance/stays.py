"""How long a sign-in lasts: not long without a hand on it, and never longer than half a day."""

from django.conf import settings
from django.utils.translation import gettext as _

BEGUN, SEEN = "signed_in_at", "seen_at"
# Writing the session on every request would cost a row each; a minute is precise enough.
PRECISION = 60


def begin(session, now: float) -> None:
    session[BEGUN] = session[SEEN] = int(now)


def is_recent(session, now: float, seconds: int) -> bool:
    """Did this person prove who they are within the last so many seconds?"""
    return now - session.get(BEGUN, 0) < seconds


def idle_seconds(is_officer: bool) -> int:
    """How long a stay outlasts the last hand on it."""
    return settings.SESSION_IDLE_SECONDS["officers" if is_officer else "others"]


def why_over(session, is_officer: bool, now: float) -> str:
    """In the reader's words why this stay has ended, or nothing when it goes on."""
    idle = idle_seconds(is_officer)
    if now - session.get(BEGUN, now) >= settings.SESSION_COOKIE_AGE:
        return _("登录已满 %(hours)s 小时，请重新登录。") % {"hours": settings.SESSION_COOKIE_AGE // 3600}
    if now - session.get(SEEN, now) >= idle:
        return _("您已 %(minutes)s 分钟未操作，为保护账号已退出，请重新登录。") % {"minutes": idle // 60}
    return ""


def is_stale(session, now: float) -> bool:
    """Is the last note of a hand on this session older than its precision?"""
    return now - session.get(SEEN, 0) >= PRECISION
