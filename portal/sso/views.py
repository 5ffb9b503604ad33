"""The systems that use our door, and the page on which a person lets one know who they are."""

from urllib.parse import urlsplit

from allauth.account.decorators import reauthentication_required
from allauth.idp.oidc.views import AuthorizationView
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.scoping import require
from portal.shell import tenancy
from portal.shell.exceptions import Refusal
from portal.shell.issuing import show_issuing, show_once
from portal.sso import actions as sso
from portal.sso.forms import CitySystemForm
from portal.sso.models import CitySystem
from portal.sso.tables import systems


class Consent(AuthorizationView):
    """allauth's page for codes that only their asker can redeem; what it grants goes on the record."""

    def get(self, request, *args, **kwargs):
        if request.user.is_authenticated and not _is_bound(request.GET):
            raise BadRequest
        response = super().get(request, *args, **kwargs)
        if back := getattr(self, "_request_info", {}).get("redirect_uri"):
            # The answer to the form leads there, and the browser would not follow it otherwise.
            response._csp_update = {"form-action": ["{0.scheme}://{0.netloc}".format(urlsplit(back))]}
        return response

    def form_valid(self, form):
        response = super().form_valid(form)
        with tenancy.citywide():
            system = CitySystem.objects.get(client_id=self._request_info["client_id"])
        sso.note_consent(system=system, scopes=form.cleaned_data["scopes"], by=self.request.user)
        return response


@require("city_systems.manage")
@reauthentication_required(app="allauth.account", allow_get=True)
def listing(request):
    """Which systems sign people in with our accounts; a new one's secret is shown once."""
    form = CitySystemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _show(request, sso.connect(**form.cleaned_data, by=request.user, at=timezone.now()))
    return show_issuing(request, systems, form, discovery_url=_discovery_url(request))


@require("city_systems.manage")
@require_POST
@reauthentication_required(app="allauth.account")
def rotate(request, code):
    """Give a system another secret, shown once."""
    system = get_object_or_404(CitySystem, code=code)
    try:
        fresh = sso.rotate_secret(system_id=system.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("sso:list")
    return _show(request, fresh)


@require("city_systems.manage")
@require_POST
@reauthentication_required(app="allauth.account")
def disconnect(request, code):
    """Shut a system out."""
    system = get_object_or_404(CitySystem, code=code)
    sso.disconnect(system_id=system.id, by=request.user, at=timezone.now())
    messages.success(request, _("“%(name)s”已停用，其密钥与令牌同时失效。") % {"name": system.name})
    return redirect("sso:list")


def _is_bound(wish) -> bool:
    """PKCE with a digest, and a code and nothing else as the answer, shown to its asker with our page in between."""
    is_code = wish.get("response_type") == "code" and "none" not in wish.get("prompt", "").split()
    return is_code and wish.get("code_challenge_method") == "S256" and bool(wish.get("code_challenge"))


def _show(request, fresh):
    system, secret = fresh
    given = {"client_id": system.client_id, "client_secret": secret}
    return show_once(request, systems, system.name, given, how=_discovery_url(request))


def _discovery_url(request) -> str:
    return request.build_absolute_uri(reverse("idp:oidc:configuration"))
