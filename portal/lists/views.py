"""A list as a file, exactly as it was filtered."""

from django.http import Http404
from django.utils import timezone

from portal.accounts.scoping import require_action
from portal.lists.files import FORMS, file_of
from portal.shell import entries
from portal.shell.responses import download


def _screen(request, code):
    """The list of this name, if this person may open it."""
    screen = entries.screens().get(code)
    if screen is None:
        raise Http404
    if not (screen.is_public or request.user.is_authenticated):
        raise Http404
    if screen.action:
        require_action(request.user, screen.action)
    return screen


def export(request, code, form):
    """The list as the address filters it."""
    screen = _screen(request, code)
    if form not in FORMS:
        raise Http404
    asked = screen.asked(request.user, request.GET)
    return download(*file_of(asked, form, at=timezone.now()))
