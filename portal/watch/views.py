"""The page on which alarms are read."""

from portal.accounts.scoping import require
from portal.shell.screens import show
from portal.watch.tables import screen


@require("alarms.view")
def listing(request):
    """What looked like an attack, newest first."""
    return show(request, screen)
