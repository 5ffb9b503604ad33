"""Asking for, giving and refusing a second person's word."""

from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts.permissions import can
from portal.approvals.models import FIRMS, Approval
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal


class CannotDecide(Refusal):
    """This person may not give this word."""

    status = 403
    code = "cannot_decide"


def request(
    *, kind, subject_code, organization, amount, sentence, values, url, by, at, decided_under=FIRMS
) -> Approval:
    """Ask those of the organisation who may decide; or, under another action, everybody whose office may take it."""
    approval = Approval.objects.create(
        code=new_code("AP"),
        kind=kind,
        subject_code=subject_code,
        organization=organization,
        decided_under=decided_under,
        amount=amount,
        sentence=sentence,
        values=values,
        url=url,
        requested_by=by,
        requested_at=at,
    )
    notices.notify(
        kind=Notice.Kind.APPROVAL,
        sentence=sentence,
        values=values,
        url=url,
        at=at,
        organization=organization if decided_under == FIRMS else None,
        action=decided_under,
    )
    audit.record(approval, "approval.requested", by=by, about=subject_code, amount=amount)
    return approval


def decide(*, approval_id, approve: bool, reason="", by, at) -> Approval:
    """Give or refuse the word. Saying the same twice changes nothing; the requester may not decide."""
    wanted = Approval.Status.APPROVED if approve else Approval.Status.REJECTED
    with transaction.atomic():
        approval = Approval.objects.locked(approval_id)
        if approval.status == wanted and approval.decided_by_id == by.id:
            return approval
        if approval.requested_by_id == by.id:
            raise CannotDecide(_("不能审批自己提交的申请，请由本单位其他有审批权限的人员处理。"))
        if not can(by, approval.decided_under, approval.organization):
            raise CannotDecide(_("您没有审批权限，请联系本单位管理员。"))
        if not approve and not reason:
            raise Refusal(_("驳回时请填写原因，申请人会看到。"), code="reason_required", field="reason")
        before = approval.status
        status.move(approval, wanted, decided_by=by, decided_at=at, reason=reason)
        audit.record(
            approval,
            f"approval.{wanted}",
            by=by,
            about=approval.subject_code,
            reason=reason,
            before=before,
            after=wanted,
        )
    return approval


def lapse(*, kind, subject_code):
    """The thing asked about is gone; nobody needs to answer any more."""
    with transaction.atomic():
        approval = (
            Approval.objects.select_for_update(no_key=True)
            .filter(kind=kind, subject_code=subject_code)
            .first()
        )
        if approval and approval.status == Approval.Status.PENDING:
            status.move(approval, Approval.Status.LAPSED)
