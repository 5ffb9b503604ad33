"""What every page knows: the city, the doors, the reader."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from portal.accounts.permissions import can
from portal.shell import entries


def shell(request):
    """The city's names, the navigation this reader may use, and how many notices wait."""
    user = getattr(request, "user", None)
    is_english = (get_language() or "").startswith("en")
    city = settings.CITY

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
        "city": {
            **city,
            "title": city["product_en"] if is_english else city["product"],
            "authority_title": city["authority_en"] if is_english else city["authority"],
        },
        "navigation": SimpleLazyObject(doors),
        "bell": SimpleLazyObject(bell),
        "todos_waiting": SimpleLazyObject(waiting),
        "theme": request.COOKIES.get("theme", "auto"),
    }
