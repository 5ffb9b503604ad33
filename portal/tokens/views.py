"""Keys for programs: what a person gives, and what an organisation's programs fetch themselves."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.scoping import acting_for, require
from portal.shell.exceptions import Refusal
from portal.shell.issuing import show_changing, show_issuing, show_once
from portal.tokens import actions as tokens
from portal.tokens import tables
from portal.tokens.forms import ApplicationForm, NetworksForm, TokenForm
from portal.tokens.models import ApiToken, Application


@login_required
@reauthentication_required(app="allauth.account", allow_get=True)
def listing(request):
    """The keys this person made; a new one's secret is shown once."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and request.organization:
        return _show_token(
            request,
            tokens.issue(
                organization=request.organization, **form.cleaned_data, by=request.user, at=timezone.now()
            ),
        )
    return show_issuing(request, tables.tokens, form)


@login_required
@require_POST
@reauthentication_required(app="allauth.account")
def rotate_token(request, code):
    """Give a key another secret, shown once."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), code=code)
    try:
        fresh = tokens.rotate(token_id=token.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("tokens:list")
    return _show_token(request, fresh)


@login_required
@reauthentication_required(app="allauth.account", allow_get=True)
def token_networks(request, code):
    """Say from where a key may be used."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), code=code)

    def change(found):
        return tokens.change_networks(token_id=token.id, networks=found, by=request.user, at=timezone.now())

    return _change_networks(request, tables.tokens, token, change)


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
    """The programs connected to this organisation; a new one's secret is shown once."""
    form = ApplicationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _show_application(
            request,
            tokens.connect(
                organization=acting_for(request, "applications.manage"),
                **form.cleaned_data,
                by=request.user,
                at=timezone.now(),
            ),
        )
    return show_issuing(request, tables.applications, form, token_url=_token_url(request))


@require("applications.manage")
@require_POST
@reauthentication_required(app="allauth.account")
def rotate(request, code):
    """Give a program another secret, shown once."""
    application = get_object_or_404(Application.objects.visible_to(request.user), code=code)
    try:
        fresh = tokens.rotate_secret(application_id=application.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("tokens:applications")
    return _show_application(request, fresh)


@require("applications.manage")
@reauthentication_required(app="allauth.account", allow_get=True)
def networks(request, code):
    """Say from where a program's keys may be used."""
    application = get_object_or_404(Application.objects.visible_to(request.user), code=code)

    def change(found):
        return tokens.change_application_networks(
            application_id=application.id, networks=found, by=request.user
        )

    return _change_networks(request, tables.applications, application, change)


@require("applications.manage")
@require_POST
@reauthentication_required(app="allauth.account")
def disconnect(request, code):
    """Shut a program out."""
    application = get_object_or_404(Application.objects.visible_to(request.user), code=code)
    tokens.disconnect(application_id=application.id, by=request.user, at=timezone.now())
    messages.success(request, _("应用“%(name)s”已停用，其密钥与令牌同时失效。") % {"name": application.name})
    return redirect("tokens:applications")


def _change_networks(request, issuing, row, change):
    """The form with what is allowed now, and what came of a change."""
    form = NetworksForm(request.POST or None, initial={"networks": "\n".join(row.networks)})
    if request.method == "POST" and form.is_valid():
        try:
            if change(form.cleaned_data["networks"]):
                messages.success(request, _("“%(name)s”的允许来源已更改，立即生效。") % {"name": row.name})
            else:
                messages.info(request, _("允许来源与原来相同，没有更改。"))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return redirect(issuing.url_name)
    lead = _("保存后立即生效；从其他地址的调用会被拒绝（403）。密钥不变。")
    return show_changing(request, issuing, form, name=row.name, title=_("允许来源"), lead=lead)


def _show_token(request, fresh):
    token, secret = fresh
    note = ""
    if token.old_until:
        until = date_format(timezone.localtime(token.old_until), "Y-m-d H:i")
        note = _("旧密钥到 %(until)s 仍可用，请在此之前换上新密钥；若旧密钥已泄露，请吊销此令牌后新建。") % {
            "until": until
        }
    how = f'curl -H "Authorization: Bearer {secret}" {request.build_absolute_uri("/api/v1/projects/")}'
    return show_once(request, tables.tokens, token.name, {_("令牌"): secret}, note, how)


def _show_application(request, fresh):
    application, secret = fresh
    how = f"curl -u {application.client_id}:{secret} -d grant_type=client_credentials {_token_url(request)}"
    given = {"client_id": application.client_id, "client_secret": secret}
    return show_once(request, tables.applications, application.name, given, how=how)


def _token_url(request) -> str:
    return request.build_absolute_uri(reverse("idp:oidc:token"))
