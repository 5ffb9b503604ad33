"""Asking regularly whether everybody still needs their role, and acting on the answers."""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.audit import actions as audit
from portal.members import actions as members
from portal.members.models import AccessReview, AccessReviewLine
from portal.members.queries import may_manage
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.models import Membership
from portal.shell.codes import new_code


def open_review(*, organization_id, at) -> AccessReview | None:
    """Ask an organisation whether everybody still needs their role; once at a time."""
    try:
        with transaction.atomic():
            review = AccessReview.objects.create(
                code=new_code("AR"),
                organization_id=organization_id,
                opened_at=at,
                due_at=at + timedelta(days=settings.ACCESS_REVIEW_DUE_DAYS),
            )
            present = Membership.objects.filter(organization_id=organization_id).select_related("user")
            AccessReviewLine.objects.bulk_create(
                AccessReviewLine(
                    review=review,
                    membership_code=m.code,
                    user=m.user,
                    role=m.role,
                    last_login=m.user.last_login,
                )
                for m in present
            )
            audit.record(review, "review.opened", by=None)
            action = (
                "staff.manage" if review.organization.kind in ("government", "platform") else "members.manage"
            )
            notices.notify(
                kind=Notice.Kind.DEADLINE,
                sentence=gettext_noop("请在 %(due)s 前完成 %(organization)s 的权限复核"),
                values={
                    "organization": review.organization.name,
                    "due": f"{review.due_at:%Y-%m-%d}",
                },
                url=f"/members/reviews/{review.code}/",
                at=at,
                organization=None if action == "staff.manage" else review.organization,
                action=action,
            )
    except IntegrityError:
        return None
    return review


def close_review(*, review_id, verdicts: dict[str, str], by, at) -> AccessReview:
    """Every role is kept or taken away, in one deed; an unanswered line refuses the whole."""
    with transaction.atomic():
        review = (
            AccessReview.objects.select_for_update(no_key=True, of=("self",))
            .select_related("organization")
            .get(id=review_id)
        )
        if not may_manage(by, review.organization):
            raise members.CannotWithdraw(_("您无权管理该单位的成员。"), code="not_yours")
        if review.closed_at:
            return review
        lines = list(review.lines.select_related("user"))
        if any(verdicts.get(line.membership_code) not in AccessReviewLine.Verdict.values for line in lines):
            raise members.CannotGrant(_("请对每一行选择保留或收回。"), code="unanswered")
        present = {m.code: m for m in Membership.objects.filter(organization=review.organization)}
        ended = 0
        for line in lines:
            line.verdict = verdicts[line.membership_code]
            membership = present.get(line.membership_code)
            if line.verdict == AccessReviewLine.Verdict.WITHDRAW and membership:
                members.withdraw(membership_id=membership.id, reason=review.code, by=by, at=at)
                ended += 1
        AccessReviewLine.objects.bulk_update(lines, ["verdict"])
        review.closed_at, review.closed_by = at, by
        review.save(update_fields=["closed_at", "closed_by"])
        audit.record(
            review,
            "review.closed",
            by=by,
            before={"closed_at": None},
            after={"closed_at": at.isoformat()},
            kept=len(lines) - ended,
            withdrawn=ended,
        )
    return review
