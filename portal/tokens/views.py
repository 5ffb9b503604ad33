"""A person's keys for programs."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.scoping import acting_for, require
from portal.shell.exceptions import Refusal
from portal.shell.screens import show
from portal.tokens import actions as tokens
from portal.tokens.forms import ApplicationForm, TokenForm
from portal.tokens.models import ApiToken, Application
from portal.tokens.tables import screen


@login_required
@reauthentication_required(app="allauth.account", allow_get=True)
def listing(request):
    """The keys this person made; a new one's secret is shown once, here."""
    form = TokenForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid() and request.organization:
        _token, secret = tokens.issue(
            organization=request.organization, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        form = TokenForm()
    return show(
        request, screen, "tokens/list.html", status=422 if form.errors else 200, form=form, secret=secret
    )


@login_required
@require_POST
@reauthentication_required(app="allauth.account")
def revoke(request, code):
    """Take a key back."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), code=code)
    tokens.revoke(token_id=token.id, by=request.user, at=timezone.now())
    messages.success(request, _("访问令牌“%(name)s”已吊销。") % {"name": token.name})
    return redirect("tokens:list")


@require("applications.manage")
@reauthentication_required(app="allauth.account", allow_get=True)
def applications(request):
    """The programs connected to this organisation; a new one's secret is shown once, here."""
    organization = acting_for(request, "applications.manage")
    form = ApplicationForm(request.POST or None)
    fresh = None
    if request.method == "POST" and form.is_valid():
        fresh = tokens.connect(
            organization=organization, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        form = ApplicationForm()
    return _applications(request, organization, form, fresh, status=422 if form.errors else 200)


@require("applications.manage")
@require_POST
@reauthentication_required(app="allauth.account")
def rotate(request, code):
    """Give a program another secret, shown once."""
    organization = acting_for(request, "applications.manage")
    application = get_object_or_404(Application.objects.of(organization), code=code)
    try:
        fresh = tokens.rotate_secret(application_id=application.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("tokens:applications")
    return _applications(request, organization, ApplicationForm(), fresh)


@require("applications.manage")
@require_POST
@reauthentication_required(app="allauth.account")
def disconnect(request, code):
    """Shut a program out."""
    organization = acting_for(request, "applications.manage")
    application = get_object_or_404(Application.objects.of(organization), code=code)
    tokens.disconnect(application_id=application.id, by=request.user, at=timezone.now())
    messages.success(request, _("应用“%(name)s”已停用，其密钥与令牌同时失效。") % {"name": application.name})
    return redirect("tokens:applications")


def _applications(request, organization, form, fresh, status=200):
    application, secret = fresh or (None, None)
    rows = Application.objects.of(organization).select_related("client", "created_by").order_by("-id")
    context = {
        "organization": organization,
        "form": form,
        "applications": rows,
        "application": application,
        "secret": secret,
        "token_url": request.build_absolute_uri(reverse("idp:oidc:token")),
    }
    return render(request, "tokens/applications.html", context, status=status)
