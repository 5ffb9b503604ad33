"""How a program in a terminal comes to a key: it asks, a person answers in a browser, and it fetches the key once.

See RFC 8628 and docs/decisions/a-terminal-asks-and-a-browser-answers.md.
"""

import re
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from portal.audit import actions as audit
from portal.shell import tenancy
from portal.shell.codes import new_code, typed
from portal.shell.exceptions import Refusal
from portal.tokens import actions as tokens
from portal.tokens.models import ApiToken, DeviceLogin
from portal.tokens.scopes import SCOPES

# No vowels, so no words; no digits, so none that look like letters (RFC 8628, 6.1).
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
KEPT = timedelta(days=1)
SLOWER_SECONDS = 5


class CodeUnusable(Refusal):
    """Nobody waits behind this code any more, or nobody ever did."""

    code = "code_unusable"


class NotYet(Refusal):
    """Nobody has answered the program yet."""

    status = 400
    code = "authorization_pending"


class TooSoon(Refusal):
    """The program asks more often than it was told to."""

    status = 400
    code = "slow_down"


class Denied(Refusal):
    """The person said no."""

    status = 400
    code = "access_denied"


class Expired(Refusal):
    """Nobody answered in time."""

    status = 400
    code = "expired_token"


class NothingToFetch(Refusal):
    """No program was given this code, or its key was fetched before."""

    status = 400
    code = "invalid_grant"


# --- the program --------------------------------------------------------------------------------------
def ask(*, program, machine, scopes, address, at) -> tuple[DeviceLogin, str]:
    """A program wants a key; what it is to show when it fetches it is returned once and never again."""
    device_code = secrets.token_urlsafe(32)
    with tenancy.citywide():
        login = DeviceLogin.objects.create(
            code=new_code("DL"),
            digest=ApiToken.digest_of(device_code),
            user_code="".join(secrets.choice(LETTERS) for _letter in range(8)),
            program=program,
            machine=machine,
            asked_scopes=[scope for scope in SCOPES if scope in scopes],
            address=address,
            asked_at=at,
            expires_at=at + DeviceLogin.LASTS,
        )
    return login, device_code


def redeem(*, device_code, at) -> tuple[ApiToken, str]:
    """The key to which somebody has consented; made now, and only once."""
    with tenancy.citywide():
        with transaction.atomic():
            login = DeviceLogin.objects.locked(digest=ApiToken.digest_of(device_code))
            refusal = _objection(login, at)
            if refusal is None:
                return _hand_over(login, at)
        # Outside, so that it is remembered when the program asked.
        raise refusal


def _objection(login, at) -> Refusal | None:
    if login is None or login.redeemed_at:
        return NothingToFetch(_("代码无效，或令牌已经取走；请重新开始登录。"))
    if login.refused_at:
        return Denied(_("登录请求已被拒绝。"))
    if login.expires_at <= at:
        return Expired(_("代码已过期，请重新开始登录。"))
    return None if login.consented_at else _poll(login, at)


def _poll(login, at) -> Refusal:
    is_early = login.polled_at and at < login.polled_at + timedelta(seconds=login.interval)
    login.interval += SLOWER_SECONDS if is_early else 0
    login.polled_at = at
    login.save(update_fields=["interval", "polled_at"])
    if is_early:
        words = _("查询过于频繁，请每 %(seconds)d 秒查询一次。") % {"seconds": login.interval}
        return TooSoon(words)
    return NotYet(_("尚未有人同意，请按间隔继续查询。"))


def _hand_over(login, at) -> tuple[ApiToken, str]:
    token, secret = tokens.issue(
        organization=login.organization,
        name=str(login)[:60],
        kind=login.kind,
        scopes=login.scopes,
        days=login.days,
        by=login.user,
        at=at,
    )
    login.token, login.redeemed_at = token, at
    login.save(update_fields=["token", "redeemed_at"])
    return token, secret


# --- the person ---------------------------------------------------------------------------------------
def waiting_behind(user_code: str, at) -> DeviceLogin:
    """The program that shows this code, for somebody who is to answer it."""
    with tenancy.citywide():
        login = DeviceLogin.objects.waiting(at).filter(user_code=_plain(user_code)).first()
    if login is None:
        raise _unusable()
    return login


def consent(*, login_id, organization, kind, scopes, days, by, at) -> DeviceLogin:
    """Let the program fetch a key that acts for this person in this organisation."""
    reach = {"organization": organization, "kind": kind, "scopes": sorted(scopes), "days": days}
    with tenancy.citywide(), transaction.atomic():
        login = _answer(login_id, at, user=by, consented_at=at, **reach)
        facts = {
            "name": str(login),
            "address": login.address,
            "kind": kind,
            "scopes": login.scopes,
            "days": days,
        }
        audit.record(login, "device_login.consented", by=by, **facts)
    return login


def refuse(*, login_id, organization, by, at) -> DeviceLogin:
    """Send the program away."""
    with tenancy.citywide(), transaction.atomic():
        login = _answer(login_id, at, user=by, refused_at=at, organization=organization)
        audit.record(login, "device_login.refused", by=by, name=str(login), address=login.address)
    return login


def _answer(login_id, at, **answer) -> DeviceLogin:
    login = DeviceLogin.objects.waiting(at).locked(id=login_id)
    if login is None:
        raise _unusable()
    for name, value in answer.items():
        setattr(login, name, value)
    login.save(update_fields=list(answer))
    return login


def _plain(user_code: str) -> str:
    return re.sub(r"[^A-Z]", "", typed(user_code))


def _unusable() -> CodeUnusable:
    return CodeUnusable(_("代码无效、已过期或已有答复；请核对，或在程序里重新开始登录。"))


# --- time ---------------------------------------------------------------------------------------------
def forget(*, at) -> int:
    """What is over for a day is of no use to anybody. How many were forgotten."""
    return DeviceLogin.objects.filter(expires_at__lt=at - KEPT).delete()[0]
