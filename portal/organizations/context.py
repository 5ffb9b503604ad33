"""What every page knows: the city, the doors, the reader."""

from django.utils.functional import SimpleLazyObject

from portal.accounts.permissions import can
from portal.shell import entries
from portal.shell.city import city


def shell(request):
    """The city's names, the navigation this reader may use, and how many notices wait."""
    user = getattr(request, "user", None)

    is_known = bool(user and user.is_authenticated)

    def doors():
        return [
            door
            for door in entries.navigation()
            if door.action is None or (is_known and can(user, door.action))
        ]

    def bell():
        return entries.head_of(request)["notices"] if is_known else None

    def waiting():
        return sum(entries.head_of(request)[todo].count for todo in entries.todos()) if is_known else 0

    return {
        "city": city(),
        "navigation": SimpleLazyObject(doors),
        "bell": SimpleLazyObject(bell),
        "todos_waiting": SimpleLazyObject(waiting),
        "theme": request.COOKIES.get("theme", "auto"),
    }
