"""What waits for a second person's word."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.permissions import can
from portal.accounts.scoping import require
from portal.approvals import actions as approvals
from portal.approvals.models import FIRMS, Approval
from portal.approvals.tables import screen
from portal.audit import queries as audit
from portal.shell import entries
from portal.shell.errors import conflict
from portal.shell.exceptions import IllegalMove, Refusal
from portal.shell.reviews import APPROVE, REJECT, Desk, Parts
from portal.shell.screens import show


@require("approvals.view")
def listing(request):
    """Everything asked and answered in my organisations."""
    return show(request, screen)


def _approval(request, code):
    rows = Approval.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("organization", "requested_by", "decided_by"), code=code)


def _recusal(approval, user) -> str:
    """Why this person has no say in it, in words."""
    if approval.status != Approval.Status.PENDING:
        return _("该事项已处理，不能再次审批。")
    if approval.requested_by_id == user.id:
        return _("这是您自己提交的事项，按回避要求由本单位其他有审批权限的人员处理。")
    if not can(user, approval.decided_under, approval.organization):
        return _("您可以查看，但没有审批权限，请联系本单位管理员。")
    return ""


def _phrases(approval) -> tuple[str, ...]:
    """What is often said of a firm's order; an office finds its own words."""
    if approval.decided_under != FIRMS:
        return ()
    return (
        _("用途与预算相符，同意。"),
        _("预算不足，请调整卡数或时长。"),
        _("请补充作业用途说明后重新提交。"),
    )


def _desk(request, approval, **typed) -> Desk:
    waiting = Approval.objects.awaiting(request.user).exclude(id=approval.id).order_by("id")
    codes = list(waiting.values_list("code", flat=True)[:100])
    parts = entries.reviews().get(approval.kind)
    return Desk(
        title=approval.summary,
        row=approval,
        code=approval.code,
        parts=parts(approval) if parts else Parts(),
        verdicts=(APPROVE, REJECT),
        action=reverse("approvals:decide", args=[approval.code]),
        back=reverse("approvals:list") + "?status=pending",
        back_label=_("审批"),
        subject=approval.url,
        following=reverse("approvals:review", args=codes[:1]) if codes else "",
        left=len(codes),
        recusal=_recusal(approval, request.user),
        phrases=_phrases(approval),
        history=[
            {
                "at": e.happened_at,
                "title": e.meaning,
                "by": str(e.actor or ""),
                "detail": e.details.get("reason", ""),
            }
            for e in reversed(audit.of_subject(approval))
        ],
        **typed,
    )


@require("approvals.view")
def review(request, code):
    """One matter on the reviewer's desk."""
    return render(request, "shell/review.html", {"desk": _desk(request, _approval(request, code))})


@require("approvals.view")
@require_POST
def decide(request, code):
    """Give or refuse the word, and go on with the next."""
    approval, reason = _approval(request, code), request.POST.get("reason", "").strip()[:300]
    try:
        approvals.decide(
            approval_id=approval.id,
            approve=request.POST.get("verdict") == "approve",
            reason=reason,
            by=request.user,
            at=timezone.now(),
        )
    except IllegalMove as refusal:
        now = _approval(request, code)
        changes = [(_("状态"), Approval.Status.PENDING.label, now.get_status_display())]
        if now.decided_by:
            changes.append((_("审批人"), "—", now.decided_by))
        return conflict(request, refusal.message, changes, back=approval.get_absolute_url())
    except Refusal as refusal:
        desk = _desk(request, approval, reason=reason, error=refusal.message)
        return render(request, "shell/review.html", {"desk": desk}, status=refusal.status)
    messages.success(request, _("已处理：%(summary)s") % {"summary": approval.summary})
    following = Approval.objects.awaiting(request.user).order_by("id").first()
    return redirect(following or reverse("approvals:list"))
