"""The developer centre and the log of requests."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.permissions import can
from portal.accounts.scoping import require
from portal.developers import queries
from portal.developers.tables import USAGE, screen
from portal.shell.screens import show
from portal.webhooks.models import WebhookEndpoint

CURL = """export PORTAL={portal}
export TOKEN=pc_live_…
curl --header "Authorization: Bearer $TOKEN" "$PORTAL/api/v1/projects/"
"""
PYTHON = """import os

import httpx

portal = httpx.Client(
    base_url="{portal}",
    headers={{"Authorization": "Bearer " + os.environ["TOKEN"]}},
)
print(portal.get("/api/v1/projects/").json())
"""
TERMINAL = """export SLCTL_PORTAL={portal}
slctl login
slctl orders list --status running --output table --explain
"""


def centre(request):
    """How to begin, for everybody; the keys, their use and the systems that listen, for who signed in."""
    portal = request.build_absolute_uri("/").rstrip("/")
    context = {
        "starts": [
            (title, text.format(portal=portal).strip())
            for title, text in (("curl", CURL), ("Python", PYTHON), (_("命令行 slctl"), TERMINAL))
        ],
        "doors": [
            (_("接口参考"), reverse("api-reference"), "code"),
            (_("错误代码"), reverse("api-reference") + "#problems", "alert"),
            (_("变更记录"), reverse("api-reference") + "#changes", "clock"),
            ("OpenAPI", reverse("api-schema"), "download"),
        ],
    }
    if request.user.is_authenticated:
        context["base"] = "shell/console.html"
        context["columns"] = USAGE
        context["usage"] = queries.usage(request.user, timezone.now())
        if can(request.user, "webhooks.manage"):
            context["listening"] = WebhookEndpoint.objects.visible_to(request.user).standing().count()
    return render(request, "developers/centre.html", context)


@require("members.view")
def requests(request):
    """What my programs asked and heard."""
    return show(request, screen)
