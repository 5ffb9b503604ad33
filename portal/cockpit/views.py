"""The wall: for the control room, a laptop and a phone."""

from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from portal.accounts.scoping import require
from portal.cockpit import queries


@require("cockpit.view")
def board(request):
    """All panels; asked again every minute, only the panels."""
    at = timezone.now()
    shown = queries.board(request.user, at)
    context = {"at": at, "kpis": [s for s in shown if s.panel.kind == "figures"]}
    for side in ("left", "centre", "right"):
        context[side] = [s for s in shown if s.panel.kind != "figures" and s.panel.side == side]
    is_fragment = request.htmx and not request.htmx.history_restore_request
    response = render(request, "cockpit/_panels.html" if is_fragment else "cockpit/board.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
