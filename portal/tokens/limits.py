"""How often a program may ask: each key, each person behind keys, and each address that shows none."""

from rest_framework.exceptions import Throttled
from rest_framework.throttling import BaseThrottle

from portal.shell import limits


class Fair(BaseThrottle):
    """One noisy program leaves room for the others; the answer says how much is left."""

    def askers(self, request) -> dict:
        if not request.user.is_authenticated:
            return {"address": limits.address_of(request._request)}
        return {"key": getattr(request.auth, "code", None), "person": request.user.pk}

    def allow_request(self, request, view):
        self.standings = limits.take(**self.askers(request))
        request._request.standings = self.standings
        return not limits.wait(self.standings)

    def wait(self):
        return limits.wait(self.standings)


def slow_down(request, *, is_guarded=False, **askers) -> None:
    """A door at which secrets are tried: so many tries a minute."""
    request.standings = limits.take(is_guarded=is_guarded, **askers)
    if seconds := limits.wait(request.standings):
        raise Throttled(seconds)
