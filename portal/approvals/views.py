"""What waits for a second person's word."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.scoping import require
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.shell.exceptions import Refusal
from portal.shell.lists import page_of


@require("approvals.view")
def listing(request):
    """Everything asked and answered in my organisations; `?status=` narrows it."""
    rows = Approval.objects.visible_to(request.user).select_related("requested_by", "decided_by")
    status = request.GET.get("status", "")
    if status in Approval.Status.values:
        rows = rows.filter(status=status)
    context = {
        "page": page_of(rows, request.GET.get("cursor", "")),
        "statuses": Approval.Status.choices,
        "status": status,
    }
    return render(request, "approvals/list.html", context)


@require("approvals.decide")
@require_POST
def decide(request, code):
    """Give or refuse the word."""
    approval = get_object_or_404(Approval.objects.visible_to(request.user), code=code)
    try:
        approvals.decide(
            approval_id=approval.id,
            approve=request.POST.get("verdict") == "approve",
            reason=request.POST.get("reason", "").strip()[:300],
            by=request.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("已处理：%(summary)s") % {"summary": approval.summary})
    return redirect("approvals:list")
