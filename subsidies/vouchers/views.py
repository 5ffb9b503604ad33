"""A firm's vouchers; and issuing them."""

import secrets

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.scoping import require
from portal.shell.exceptions import Refusal
from portal.shell.lists import page_of
from portal.shell.money import yuan
from portal.shell.screens import RecordScreen, show
from subsidies.budgets.models import Programme
from subsidies.budgets.queries import standings
from subsidies.vouchers import actions as vouchers
from subsidies.vouchers import tables
from subsidies.vouchers.forms import IssueForm
from subsidies.vouchers.queries import may_issue, worths


@require("vouchers.view")
def listing(request):
    """The vouchers I may see, and what each is still worth."""
    return show(request, tables.vouchers)


@require("programmes.view")
def programmes(request):
    """Every programme and how far its money has gone."""
    return show(request, tables.programmes)


@require("programmes.view")
def programme(request, code):
    """One programme: its rules, its money, its vouchers, and the form that issues the next one."""
    found = get_object_or_404(Programme.objects.select_related("version__policy", "payer"), code=code)
    is_ours = may_issue(request.user, found)
    form = IssueForm(
        request.POST or None,
        initial={
            "idempotency_key": secrets.token_urlsafe(12),
            "expires_on": timezone.localdate(found.ends_at),
        },
    )
    if request.method == "POST":
        if not is_ours:
            raise PermissionDenied(
                _("只有出资部门“%(payer)s”的算力券经办可以发放。") % {"payer": found.payer}
            )
        if form.is_valid():
            try:
                issued = vouchers.issue(
                    programme_id=found.id, **form.cleaned_data, by=request.user, at=timezone.now()
                )
            except Refusal as refusal:
                form.add_error(
                    {"expires_at": "expires_on"}.get(refusal.field, refusal.field), refusal.message
                )
            else:
                messages.success(
                    request,
                    _("已向 %(name)s 发放算力券 %(code)s，¥%(amount)s。")
                    % {"name": issued.organization, "code": issued.code, "amount": yuan(issued.amount)},
                )
                return redirect(found)
    page = page_of(found.vouchers.select_related("organization"), request.GET.get("cursor", ""))
    context = {
        "record": RecordScreen(
            found, found.code, found.name, _("补贴项目"), reverse("vouchers:programmes"), "status"
        ),
        "standing": standings([found])[0],
        "rules": found.version.parsed,
        "form": form if is_ours else None,
        "page": page,
        "columns": tables.ISSUED,
        "worths": worths(page),
    }
    return render(request, "vouchers/programme.html", context, status=422 if form.errors else 200)
