"""A firm proves who it is; the platform looks at the proof."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.permissions import memberships
from portal.accounts.scoping import acting_for, require
from portal.audit import queries as audit
from portal.shell.errors import conflict
from portal.shell.exceptions import IllegalMove, Refusal
from portal.shell.responses import picture as shown
from portal.shell.reviews import APPROVE, REJECT, RETURN, Desk
from portal.shell.screens import show
from portal.verification import actions as verification
from portal.verification.forms import VerificationForm
from portal.verification.models import Verification
from portal.verification.queries import latest_of, parts_of
from portal.verification.tables import screen

KEPT = ("legal_representative", "address", "contact_name", "contact_phone")


@require("verifications.apply")
def apply(request):
    """Where my firm's proof stands, and the form to hand it in or mend it."""
    organization = acting_for(request, "verifications.apply")
    latest = latest_of(organization)
    typed = {name: getattr(latest, name) for name in KEPT} if latest else {}
    form = VerificationForm(request.POST or None, request.FILES or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        try:
            verification.submit(
                organization=organization, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("认证申请已提交，一般在 1 个工作日内审核。"))
            return redirect("verification:apply")
    labels = {name: field.label for name, field in form.fields.items()}
    context = {
        "organization": organization,
        "latest": latest,
        "form": form,
        "may_submit": not organization.verified_at
        and (latest is None or latest.status in ("returned", "rejected")),
        "remarks": [
            (labels.get(name, name), text) for name, text in (latest.remarks if latest else {}).items()
        ],
    }
    return render(request, "verification/apply.html", context, status=422 if form.errors else 200)


@require("verifications.review")
def listing(request):
    """Every application, the waiting ones first to hand."""
    return show(request, screen)


def _found(request, code):
    rows = Verification.objects.visible_to(request.user)
    return get_object_or_404(
        rows.select_related("organization", "submitted_by", "decided_by", "licence"), code=code
    )


def _recusal(found, user) -> str:
    if found.status != Verification.Status.SUBMITTED:
        return _("该申请已处理，不能再次审核。")
    if any(m.organization_id == found.organization_id for m in memberships(user)):
        return _("您是该单位成员，按回避要求由其他人员审核。")
    return ""


def _desk(request, found, **typed) -> Desk:
    waiting = Verification.objects.visible_to(request.user).waiting().exclude(id=found.id).order_by("id")
    codes = list(waiting.values_list("code", flat=True)[:100])
    return Desk(
        title=_("%(organization)s 的企业认证") % {"organization": found.organization},
        row=found,
        code=found.code,
        parts=parts_of(found),
        verdicts=(APPROVE, RETURN, REJECT),
        action=reverse("verification:decide", args=[found.code]),
        back=reverse("verification:list") + "?status=submitted",
        back_label=_("企业认证审核"),
        following=reverse("verification:review", args=codes[:1]) if codes else "",
        left=len(codes),
        recusal=_recusal(found, request.user),
        phrases=(
            _("材料齐全，与执照一致，同意。"),
            _("执照不清晰，请重新上传。"),
            _("名称与执照不一致，请更正。"),
        ),
        history=[
            {
                "at": e.happened_at,
                "title": e.meaning,
                "by": str(e.actor or ""),
                "detail": e.details.get("reason", ""),
            }
            for e in reversed(audit.of_subject(found))
        ],
        **typed,
    )


@require("verifications.review")
def review(request, code):
    """One application on the reviewer's desk."""
    return render(request, "shell/review.html", {"desk": _desk(request, _found(request, code))})


@require("verifications.review")
@require_POST
def decide(request, code):
    """Say yes, mend it, or no, and go on with the next."""
    found, reason = _found(request, code), request.POST.get("reason", "").strip()[:300]
    remarks = {
        name.removeprefix("remark-"): text.strip()[:120]
        for name, text in request.POST.items()
        if name.startswith("remark-") and text.strip()
    }
    try:
        verification.decide(
            verification_id=found.id,
            verdict=request.POST.get("verdict"),
            reason=reason,
            remarks=remarks,
            by=request.user,
            at=timezone.now(),
        )
    except IllegalMove as refusal:
        now = _found(request, code)
        changes = [(_("状态"), Verification.Status.SUBMITTED.label, now.get_status_display())]
        return conflict(request, refusal.message, changes, back=found.get_absolute_url())
    except Refusal as refusal:
        desk = _desk(request, found, reason=reason, remarks=remarks, error=refusal.message)
        return render(request, "shell/review.html", {"desk": desk}, status=refusal.status)
    messages.success(request, _("已处理：%(summary)s") % {"summary": found.organization})
    following = Verification.objects.visible_to(request.user).waiting().order_by("id").first()
    return redirect(following or reverse("verification:list"))


@require("verifications.view")
@require_safe
def licence(request, code):
    """The licence itself, for its firm and for its reviewers."""
    found = _found(request, code).licence
    return shown(found.name, found.content)
