"""The wall: for the control room, a laptop and a phone."""

from django.conf import settings
from django.core.cache import caches
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from portal.accounts.scoping import require
from portal.cockpit import queries


@require("cockpit.view")
def board(request):
    """All panels; asked again every minute, only the panels."""
    panels = _panels(request)
    is_fragment = request.htmx and not request.htmx.history_restore_request
    response = (
        HttpResponse(panels) if is_fragment else render(request, "cockpit/board.html", {"panels": panels})
    )
    patch_vary_headers(response, ["HX-Request"])
    return response


def _panels(request):
    """What stands on the wall, drawn once for everybody who looks at the same panels in the same language."""
    mine = queries.panels_of(request.user)
    key = f"wall:{get_language()}:{','.join(panel.code for panel in mine)}"
    return caches["passing"].get_or_set(key, lambda: _drawn(mine), settings.FRESH_SECONDS["wall"])


def _drawn(panels):
    at = timezone.now()
    shown = queries.board(panels, at)
    context = {"at": at, "kpis": [s for s in shown if s.panel.kind == "figures"]}
    for side in ("left", "centre", "right"):
        context[side] = [s for s in shown if s.panel.kind != "figures" and s.panel.side == side]
    return render_to_string("cockpit/_panels.html", context)
