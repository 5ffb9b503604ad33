"""The views a person keeps."""

from portal.lists.models import SavedView


def views_of(request, screen) -> list[SavedView]:
    """This reader's views of a list, asked of the database once for each request."""
    if not request.user.is_authenticated:
        return []
    kept = request.__dict__.setdefault("_saved_views", {})
    if screen.code not in kept:
        kept[screen.code] = list(SavedView.objects.filter(user=request.user, screen=screen.code))
    return kept[screen.code]


def start_of(request, screen) -> str:
    """The query of the reader's default view of a list; empty without one."""
    view = next((view for view in views_of(request, screen) if view.is_default), None)
    return f"{view.query}&view={view.code}" if view else ""
