"""The page on which two administrators give somebody a way in again."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.scoping import require
from portal.recovery import actions as recovery
from portal.recovery.forms import ProposeForm
from portal.recovery.models import FactorReset
from portal.recovery.tables import resets
from portal.shell.exceptions import Refusal
from portal.shell.issuing import show_issuing


@require("factors.reset")
@reauthentication_required(app="allauth.account", allow_get=True)
def listing(request):
    """What was proposed and decided; and one more proposal."""
    form = ProposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            recovery.propose(user=told["username"], proof=told["proof"], by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("已提出，等待另一位管理员核准。"))
            return redirect("recovery:list")
    return show_issuing(request, resets, form)


@require("factors.reset")
@require_POST
@reauthentication_required(app="allauth.account")
def confirm(request, code):
    """Agree: the factors go."""
    return _decide(request, code, recovery.confirm, _("已核准，该账号的第二因素与登录均已清除。"))


@require("factors.reset")
@require_POST
@reauthentication_required(app="allauth.account")
def refuse(request, code):
    """Disagree: everything stays."""
    return _decide(request, code, recovery.refuse, _("已驳回，该账号未作任何更改。"))


def _decide(request, code, deed, words):
    reset = get_object_or_404(FactorReset, code=code)
    try:
        deed(reset_id=reset.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, words)
    return redirect("recovery:list")
