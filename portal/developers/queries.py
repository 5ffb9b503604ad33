"""What a developer asks first: which keys are there, what did they do today, how much is left."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from portal.developers.models import ApiCall
from portal.shell import limits
from portal.tokens.models import ApiToken, Application


@dataclass(frozen=True)
class Usage:
    """One key or connected program: what it asked today, how much was refused, how much of this minute is left."""

    row: ApiToken | Application
    asked: int
    refused: int
    left: int
    most: int

    @property
    def remaining(self) -> str:
        return f"{self.left:,} / {self.most:,}"


def usage(user, at) -> list[Usage]:
    """The keys and programs that this person looks after and that still open something, busiest first."""
    holders = [
        *ApiToken.objects.visible_to(user).filter(revoked_at=None, expires_at__gt=at),
        *Application.objects.visible_to(user).filter(revoked_at=None).select_related("client"),
    ]
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    today = {
        row["key"]: row
        for row in ApiCall.objects.visible_to(user)
        .filter(at__gte=midnight)
        .values("key")
        .annotate(asked=Count("id"), refused=Count("id", filter=Q(status__gte=400)))
    }
    used, most = limits.used("key", [row.code for row in holders]), settings.RATE_LIMITS["key"]
    found = [
        Usage(
            row=row,
            asked=today.get(row.code, {}).get("asked", 0),
            refused=today.get(row.code, {}).get("refused", 0),
            left=max(0, most - used.get(row.code, 0)),
            most=most,
        )
        for row in holders
    ]
    return sorted(found, key=lambda one: -one.asked)
