"""The systems that use our door, and the page on which a person lets one know who they are."""

import hashlib
import json
from urllib.parse import urlsplit

from allauth.account.decorators import reauthentication_required
from allauth.idp.oidc.models import Client, Token
from allauth.idp.oidc.views import AuthorizationView, TokenView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.scoping import require
from portal.shell.exceptions import Refusal
from portal.shell.issuing import show_issuing, show_once
from portal.sso import actions as sso
from portal.sso.forms import CitySystemForm
from portal.sso.models import CityConsent, CitySystem
from portal.sso.tables import CONSENTS, systems

REMEMBERED_SECONDS = 24 * 3600


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
        sso.consent(
            client_id=self._request_info["client_id"],
            scopes=form.cleaned_data["scopes"],
            by=self.request.user,
            at=timezone.now(),
        )
        return response

    def get_context_data(self, **more):
        until = timezone.now() + CityConsent.LASTS
        return super().get_context_data(**more) | {"days": CityConsent.LASTS.days, "until": until}


class Keys(TokenView):
    """allauth's address for keys: a code has one try in the whole city, and no key outlives the consent behind it."""

    def post(self, request):
        code = request.POST.get("code", "")
        if request.POST.get("grant_type") != Client.GrantType.AUTHORIZATION_CODE or not code:
            return self._given(super().post(request))[0]
        used = f"oidc-code-{hashlib.sha256(code.encode()).hexdigest()}"
        if not cache.add(used, None, REMEMBERED_SECONDS):
            if owner := cache.get(used):
                sso.end_replayed(client_id=owner[0], user_id=owner[1])
            return JsonResponse({"error": "invalid_grant"}, status=400)
        response, token = self._given(super().post(request))
        if token:
            cache.set(used, (token.client_id, token.user_id), REMEMBERED_SECONDS)
        return response

    def _given(self, response):
        if response.status_code != 200:
            return response, None
        told = json.loads(response.content)
        token = Token.objects.lookup(Token.Type.ACCESS_TOKEN, told["access_token"])
        if token and token.user_id:
            sso.end_with_consent(token=token)
        return response, token


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


@login_required
def consents(request):
    """The systems that know who this person is, since when and until when."""
    rows = CityConsent.objects.visible_to(request.user).in_force(timezone.now())
    context = {"columns": CONSENTS, "consents": rows.select_related("system")}
    return render(request, "sso/consents.html", context)


@login_required
@require_POST
def withdraw(request, code):
    """Take a consent back."""
    consent = get_object_or_404(CityConsent.objects.visible_to(request.user), code=code)
    sso.withdraw(consent_id=consent.id, by=request.user, at=timezone.now())
    messages.success(request, _("已收回授权，该系统不再得知您的身份。"))
    return redirect("sso:consents")


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
