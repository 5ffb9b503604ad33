"""Preferences of the reader that live in a cookie, so that the server draws them at once."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from portal.shell import entries
from portal.shell.screens import SIZES, Taste

YEAR = 365 * 24 * 3600
CHOICES = {
    "theme": {"auto", "light", "dark"},
    "text": {"normal", "large", "larger"},
    "contrast": {"normal", "more"},
    "keys": {"on", "off"},
}


def favicon(request):
    """For browsers that ask without looking at the page."""
    return redirect(static("shell/img/mark.svg"))


@require_POST
def preferences(request):
    """Remember light or dark, contrast, the size of letters, keys, or how a list is liked, then go back to the page."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = HttpResponse(status=204) if request.headers.get("X-Requested-With") else redirect(back)
    for name, allowed in CHOICES.items():
        if request.POST.get(name) in allowed:
            response.set_cookie(
                name, request.POST[name], max_age=YEAR, samesite="Lax", secure=request.is_secure()
            )
    screen = entries.screens().get(request.POST.get("list", ""))
    if screen:
        response.set_cookie(
            f"list-{screen.code}",
            _taste(request.POST, screen).cookie,
            max_age=YEAR,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


def _taste(wishes, screen) -> Taste:
    """What was ticked; columns that this list does not have are left out, and so is "all as it was"."""
    if "reset" in wishes:
        return Taste()
    size = wishes.get("size", "")
    return Taste(
        columns=frozenset(wishes.getlist("columns")) & {c.key for c in screen.columns},
        is_compact=wishes.get("density") == "compact",
        size=int(size) if size in map(str, SIZES) else SIZES[0],
    )
