"""How often somebody may ask: counted in Redis, once for all processes of the city.

A window begins with its first request and lasts a minute. Where the count cannot be kept, whoever is known already goes
on reading and working; only the doors at which secrets are tried stay shut (ASVS 5.0, 6.3.1).
Field names: draft-ietf-httpapi-ratelimit-headers.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache

import redis
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from portal.shell.exceptions import Refusal

WINDOW_SECONDS = 60
# One step for the server, so that two processes never both take the last place.
COUNT = """
local answers = {}
for _, key in ipairs(KEYS) do
    local used = redis.call('INCR', key)
    if used == 1 then redis.call('PEXPIRE', key, ARGV[1]) end
    table.insert(answers, used)
    table.insert(answers, redis.call('PTTL', key))
end
return answers
"""
log = logging.getLogger(__name__)


class CannotCount(Refusal):
    """Secrets may be tried only where tries are counted."""

    status = 503
    code = "temporarily_unavailable"
    retry_after = WINDOW_SECONDS


@dataclass(frozen=True)
class Standing:
    """How one allowance stands after this request."""

    name: str
    most: int
    used: int
    seconds_left: int

    @property
    def left(self) -> int:
        return max(0, self.most - self.used)

    @property
    def is_over(self) -> bool:
        return self.used > self.most


@lru_cache(maxsize=1)
def server() -> redis.Redis:
    """Redis, for what must not keep an answer waiting."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)


@lru_cache(maxsize=1)
def _counter():
    return server().register_script(COUNT)


def take(is_guarded: bool = False, **askers) -> list[Standing]:
    """Count one request of each asker: `take(key=…, person=…)`, named as in settings.RATE_LIMITS.

    A guarded door raises CannotCount when nobody counts.
    """
    named = {name: asker for name, asker in askers.items() if asker}
    if not named:
        return []
    keys = [f"limit:{name}:{asker}" for name, asker in named.items()]
    try:
        answers = _counter()(keys=keys, args=[WINDOW_SECONDS * 1000])
    except redis.RedisError as error:
        log.warning("requests are not counted: %s", error)
        if is_guarded:
            raise CannotCount(_("系统暂时无法核验，请稍后再试。")) from error
        return []
    return [
        Standing(name, settings.RATE_LIMITS[name], used, max(1, -(-left // 1000)))
        for name, used, left in zip(named, answers[::2], answers[1::2])
    ]


def used(name: str, askers) -> dict[str, int]:
    """How much of this minute's allowance each has used; nothing where nobody counts."""
    askers = list(askers)
    try:
        counts = server().mget([f"limit:{name}:{asker}" for asker in askers]) if askers else []
    except redis.RedisError:
        return {}
    return {asker: int(count or 0) for asker, count in zip(askers, counts)}


def wait(standings) -> int:
    """Seconds until all of them would let this asker in; 0 for now."""
    return max((one.seconds_left for one in standings if one.is_over), default=0)


def fields(standings) -> dict[str, str]:
    """What an answer says of its asker's allowances."""
    if not standings:
        return {}
    tightest = min(standings, key=lambda one: one.left / one.most)
    return {
        "RateLimit-Policy": ", ".join(f'"{one.name}";q={one.most};w={WINDOW_SECONDS}' for one in standings),
        "RateLimit": ", ".join(f'"{one.name}";r={one.left};t={one.seconds_left}' for one in standings),
        "X-RateLimit-Limit": str(tightest.most),
        "X-RateLimit-Remaining": str(tightest.left),
        "X-RateLimit-Reset": str(tightest.seconds_left),
    }


def address_of(request) -> str | None:
    """Where a request comes from, past the proxies that settings trust; behind a Unix socket nobody knows."""
    try:
        return get_adapter().get_client_ip(request)
    except PermissionDenied:
        return None
