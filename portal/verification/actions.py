"""Handing in, mending and deciding a firm's proof of who it is."""

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.accounts.permissions import can, memberships
from portal.audit import actions as audit
from portal.crypto.files import shut
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.models import Organization
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import IllegalMove, Refusal
from portal.verification.models import Licence, Verification

Status = Verification.Status
NEWS = {
    Status.APPROVED: gettext_noop("%(organization)s 已通过企业认证"),
    Status.RETURNED: gettext_noop("%(organization)s 的企业认证被退回补正：%(reason)s"),
    Status.REJECTED: gettext_noop("%(organization)s 的企业认证未通过：%(reason)s"),
}


class AlreadyVerified(Refusal):
    """The firm is known already."""

    status = 409
    code = "already_verified"


class CannotDecide(Refusal):
    """This person may not decide, or not like this."""

    code = "cannot_decide"


def submit(
    *,
    organization,
    legal_representative,
    contact_name,
    contact_phone,
    address,
    licence: tuple[str, bytes],
    by,
    at,
) -> Verification:
    """Hand in the proof, or hand it in again, mended."""
    name, content = licence
    digest = hashlib.sha256(content).hexdigest()
    fields = {
        "legal_representative": legal_representative,
        "contact_name": contact_name,
        "contact_phone": contact_phone,
        "address": address,
        "submitted_by": by,
        "submitted_at": at,
    }
    with transaction.atomic():
        organization = Organization.objects.select_for_update(no_key=True).get(id=organization.id)
        if organization.verified_at:
            raise AlreadyVerified(_("贵单位已通过企业认证，无需再次提交。"))
        verification = (
            Verification.objects.select_for_update(no_key=True, of=("self",))
            .filter(organization=organization, status__in=(Status.SUBMITTED, Status.RETURNED))
            .first()
        )
        before = verification and verification.status
        if verification is None:
            verification = Verification.objects.create(
                code=new_code("VF"), organization=organization, **fields
            )
        elif verification.status == Status.SUBMITTED:
            raise AlreadyVerified(_("认证申请正在审核，请等待结果。"), code="already_submitted")
        else:
            for field, value in fields.items():
                setattr(verification, field, value)
            verification.status, verification.remarks, verification.reason = Status.SUBMITTED, {}, ""
            verification.decided_by = verification.decided_at = None
            verification.save()
        key, closed = shut(content)
        Licence.objects.update_or_create(
            verification=verification,
            defaults={"name": name, "key": key, "closed": closed, "digest": digest},
        )
        audit.record(
            verification,
            "verification.submitted",
            by=by,
            before=before,
            after=verification.status,
            licence=digest,
        )
        notices.notify(
            kind=Notice.Kind.APPROVAL,
            sentence=gettext_noop("%(organization)s 提交了企业认证"),
            values={"organization": organization.name},
            url=verification.get_absolute_url(),
            at=at,
            action="verifications.review",
        )
    return verification


def decide(*, verification_id, verdict, reason, remarks: dict[str, str], by, at) -> Verification:
    """The platform's word: known, mend this, or no."""
    with transaction.atomic():
        verification = (
            Verification.objects.select_for_update(no_key=True, of=("self",))
            .select_related("organization", "submitted_by")
            .get(id=verification_id)
        )
        organization = verification.organization
        if not can(by, "verifications.review"):
            raise CannotDecide(_("只有平台运营可以审核企业认证。"))
        if any(m.organization_id == organization.id for m in memberships(by)):
            raise CannotDecide(_("您是该单位成员，按回避要求由其他人员审核。"), code="recusal")
        if verification.status != Status.SUBMITTED:
            raise IllegalMove(_("该申请已由他人处理。"))
        to = {"approve": Status.APPROVED, "return": Status.RETURNED, "reject": Status.REJECTED}.get(verdict)
        if to is None:
            raise CannotDecide(_("请选择同意、退回补正或驳回。"))
        if to != Status.APPROVED and not (reason or remarks):
            raise CannotDecide(_("请写明意见，或在逐项意见中指出要补正之处。"), field="reason")
        before = verification.status
        status.move(verification, to, reason=reason, remarks=remarks, decided_by=by, decided_at=at)
        if to == Status.APPROVED:
            organization.verified_at = at
            organization.save(update_fields=["verified_at"])
        audit.record(
            verification,
            "verification.decided",
            by=by,
            before=before,
            after=to,
            reason=reason,
            remarks=remarks,
        )
        notices.notify(
            kind=Notice.Kind.SYSTEM,
            sentence=NEWS[to],
            values={"organization": organization.name, "reason": reason or "；".join(remarks.values())},
            url="/organization/verification/",
            at=at,
            user=verification.submitted_by,
        )
    return verification
