"""Where a person sees which program asks for a key, and answers it."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.shell import errors, limits
from portal.shell.exceptions import Refusal
from portal.tokens import device_logins
from portal.tokens.forms import CodeForm, ConsentForm


@login_required
@reauthentication_required(app="allauth.account", allow_get=True)
def device(request):
    """Ask for the code that the program shows, then for an answer to it."""
    asked = CodeForm(request.GET if "code" in request.GET else None)
    if not asked.is_valid():
        return _ask_for_code(request, asked)
    try:
        standings = limits.take(is_guarded=True, user_code=request.user.pk)
        if seconds := limits.wait(standings):
            return errors.too_many(request, seconds)
        login = device_logins.waiting_behind(asked.cleaned_data["code"], timezone.now())
        return _ask_for_answer(request, login)
    except Refusal as refusal:
        asked.add_error("code", refusal.message)
        return _ask_for_code(request, asked, status=refusal.status)


def _ask_for_code(request, form, status=200):
    return render(request, "tokens/device_code.html", {"form": form}, status=status)


def _ask_for_answer(request, login):
    if request.POST.get("verdict") == "refuse":
        device_logins.refuse(
            login_id=login.id, organization=request.organization, by=request.user, at=timezone.now()
        )
        messages.success(request, _("已拒绝“%(name)s”的登录请求。") % {"name": login})
        return redirect("tokens:list")
    form = ConsentForm(request.POST or None, initial={"scopes": login.asked_scopes})
    if request.method == "POST" and form.is_valid() and request.organization:
        if request.POST.get("organization", request.organization.code) != request.organization.code:
            messages.error(request, _("您已切换单位，请核对“代表单位”后再同意。"))
            return redirect(request.get_full_path())
        device_logins.consent(
            login_id=login.id,
            organization=request.organization,
            **form.cleaned_data,
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("已同意，请回到“%(name)s”；它取得的令牌会列在这里。") % {"name": login})
        return redirect("tokens:list")
    context = {"login": login, "form": form}
    return render(request, "tokens/device.html", context, status=422 if form.errors else 200)
