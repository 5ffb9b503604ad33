"""One page for everything that opens the door, and the security administrator's pages."""

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from portal.accounts import actions as accounts
from portal.accounts.models import User
from portal.accounts.permissions import needs_second_factor
from portal.accounts.scoping import require
from portal.entrance import actions as entrance
from portal.entrance import queries, tables, typed
from portal.entrance.forms import DisableForm, FirstAdministratorForm
from portal.shell.exceptions import Refusal
from portal.shell.screens import show


@require_POST
def language(request):
    """Speak another language from now on; to whoever is signed in, in letters too."""
    chosen = request.POST.get("language")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        accounts.choose_language(user_id=request.user.id, language=chosen)
    return set_language(request)


@require_POST
@login_required
def hold(request):
    """A hand on the keys: the stay goes on, and what is typed so far is kept."""
    typed.keep(request, request.user)
    return HttpResponse(status=204)


@login_required
def security(request):
    """Everything with which this person signs in, and where they are signed in now."""
    emails = list(EmailAddress.objects.filter(user=request.user).order_by("-primary", "id"))
    context = {
        "factors": queries.factors_of(request.user),
        "columns": tables.STAYS,
        "stays": queries.stays_of(request.user, request.session.session_key),
        "emails": emails,
        "has_unverified_email": any(not email.verified for email in emails),
        "needs_second_factor": needs_second_factor(request.user),
    }
    return render(request, "entrance/security.html", context)


@login_required
@require_POST
@reauthentication_required(app="allauth.account")
def end_stay(request, code):
    """Sign out of one browser."""
    stays = queries.stays_of(request.user, request.session.session_key)
    stay = next((stay for stay in stays if stay.code == code), None)
    if stay is None:
        raise Http404
    entrance.end_stay(stay=stay, user=request.user)
    messages.success(request, _("已退出该设备上的登录。"))
    return redirect("entrance:security")


@login_required
@require_POST
@reauthentication_required(app="allauth.account")
def end_other_stays(request):
    """Sign out everywhere but here."""
    stays = queries.stays_of(request.user, request.session.session_key)
    entrance.end_stays(stays=[stay for stay in stays if not stay.is_this], user=request.user)
    messages.success(request, _("其他设备上的登录已全部退出。"))
    return redirect("entrance:security")


@require("people.manage")
def people(request):
    """Everybody with an account: who, where, last seen, open or closed."""
    return show(request, tables.screen)


@require("people.manage")
def disable(request, code):
    """Close an account, saying why."""
    person = get_object_or_404(User, username=code)
    form = DisableForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            entrance.disable(user_id=person.id, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("账号 %(name)s 已停用，其全部登录已结束。") % {"name": person})
            return redirect("entrance:people")
    context = {"form": form, "person": person}
    return render(request, "entrance/disable.html", context, status=422 if form.errors else 200)


@require("people.manage")
@require_POST
def enable(request, code):
    """Open an account again."""
    person = get_object_or_404(User, username=code)
    entrance.enable(user_id=person.id, by=request.user, at=timezone.now())
    messages.success(request, _("账号 %(name)s 已启用。") % {"name": person})
    return redirect("entrance:people")


@require("people.manage")
def locked(request):
    """The accounts that too many wrong tries have closed."""
    return render(request, "entrance/locked.html", {"columns": tables.LOCKS, "locks": queries.locks()})


@require("people.manage")
@require_POST
def unlock(request):
    """Let somebody try again before the half hour is over."""
    username = request.POST.get("username", "")
    entrance.unlock(username=username, by=request.user)
    messages.success(request, _("账号 %(name)s 的锁定已解除。") % {"name": username})
    return redirect("entrance:locked")


def first_administrator(request, secret):
    """Whoever was handed a one-time word becomes the first administrator of its kind."""
    role = entrance.post_in(secret)
    if role is None:
        raise Http404
    form = FirstAdministratorForm(request.POST or None, operator=entrance.operating_organization())
    if request.method == "POST" and form.is_valid():
        try:
            user = entrance.found_administration(role=role, **form.cleaned_data, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            login(request, user, backend="portal.organizations.backends.WithMemberships")
            messages.success(request, _("%(role)s已建立，请接着启用第二因素。") % {"role": role.label})
            return redirect("entrance:security")
    return render(
        request, "entrance/first.html", {"form": form, "role": role}, status=422 if form.errors else 200
    )
