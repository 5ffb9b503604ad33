"""What every page knows: the city, the doors, the reader."""

from django.utils.functional import SimpleLazyObject

from portal.accounts.permissions import can
from portal.shell import entries
from portal.shell.city import city


def shell(request):
    """The city's names, the navigation this reader may use, and how many notices wait."""
    user = getattr(request, "user", None)

    def doors():
        return [
            door
            for door in entries.navigation()
            if door.action is None or (user and user.is_authenticated and can(user, door.action))
        ]

    def bell():
        return user.notices.bell() if user and user.is_authenticated else None

    def waiting():
        if not (user and user.is_authenticated):
            return 0
        return sum(entries.todo_counts(user, "awaiting").values())

    return {
        "city": city(),
        "navigation": SimpleLazyObject(doors),
        "bell": SimpleLazyObject(bell),
        "todos_waiting": SimpleLazyObject(waiting),
        "theme": request.COOKIES.get("theme", "auto"),
    }
