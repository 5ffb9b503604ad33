"""Refusals are counted where they happen: no row tells of a page that did not open."""

from django.utils import timezone

from portal.shell import limits
from portal.watch import actions as watch
from portal.watch.models import Alarm

REFUSALS = (403, 404)


class Refused:
    """Whoever is refused one thing after another within a minute is looking for what is not theirs."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code in REFUSALS and "<" in getattr(request.resolver_match, "route", ""):
            self._count(request)
        return response

    def _count(self, request):
        address = limits.address_of(request) or ""
        about = request.user.get_username() or address
        (standing,) = limits.take(refused=about) or (None,)
        if standing and standing.used == standing.most + 1:
            at = timezone.now()
            watch.raise_alarm(
                rule=Alarm.Rule.REFUSED,
                about=about,
                marker=f"{about} {at:%Y-%m-%d %H:%M}",
                seen={"address": address, "route": request.resolver_match.route},
                at=at,
            )
