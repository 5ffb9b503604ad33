"""Preferences of the reader that live in a cookie, so that the server draws them at once."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

YEAR = 365 * 24 * 3600
CHOICES = {"theme": {"auto", "light", "dark"}, "text": {"normal", "large", "larger"}}


def favicon(request):
    """For browsers that ask without looking at the page."""
    return redirect(static("shell/img/mark.svg"))


@require_POST
def preferences(request):
    """Remember light or dark and the size of letters, then go back to the page."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = HttpResponse(status=204) if request.headers.get("X-Requested-With") else redirect(back)
    for name, allowed in CHOICES.items():
        if request.POST.get(name) in allowed:
            response.set_cookie(
                name, request.POST[name], max_age=YEAR, samesite="Lax", secure=request.is_secure()
            )
    return response
