"""Issuing vouchers, and taking back what expired."""

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.ledger.queries import balance
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.models import Organization
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from subsidies.budgets.models import Programme
from subsidies.vouchers.models import Voucher


class CannotIssue(Refusal):
    """The programme does not allow this voucher."""

    code = "cannot_issue"


def issue(*, programme_id, organization, amount: int, expires_at, idempotency_key, by, at) -> Voucher:
    """Give a firm a voucher from a programme's pool. The same key again returns the first one.

    Raises CannotIssue outside the programme's window, cap or pool.
    """
    with transaction.atomic():
        # Without this lock, two officers could each see room under the cap.
        programme = Programme.objects.select_for_update(no_key=True).get(id=programme_id)
        earlier = Voucher.objects.filter(programme=programme, idempotency_key=idempotency_key).first()
        if earlier:
            if (earlier.organization_id, earlier.amount) != (organization.id, amount):
                raise CannotIssue(
                    _("该幂等键已用于另一张券（%(code)s）。") % {"code": earlier.code},
                    code="idempotency_key_reused",
                )
            return earlier
        _check(programme, organization, amount, expires_at, at)
        voucher = Voucher.objects.create(
            code=new_code("VC"),
            programme=programme,
            organization=organization,
            amount=amount,
            expires_at=expires_at,
            issued_by=by,
            issued_at=at,
            idempotency_key=idempotency_key,
        )
        ledger.post(
            f"voucher-issued:{voucher.code}",
            kind=Cause.VOUCHER_ISSUED,
            subject=voucher.code,
            lines=transfer(amount, (Kind.POOL, programme.code), (Kind.VOUCHER, voucher.code)),
            at=at,
        )
        audit.record(voucher, "voucher.issued", by=by, programme=programme.code, amount=amount)
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop("收到“%(programme)s”算力券 ¥%(amount)s"),
            values={"programme": programme.name, "amount": yuan(amount)},
            url="/vouchers/",
            at=at,
            organization=organization,
            action="vouchers.view",
        )
    return voucher


def _check(programme, organization, amount, expires_at, at):
    if organization.kind != Organization.Kind.ENTERPRISE:
        raise CannotIssue(_("算力券只能发给企业。"), code="not_an_enterprise", field="organization")
    if amount <= 0:
        raise CannotIssue(_("金额必须大于 0。"), code="amount_not_positive", field="amount")
    if programme.status != Programme.Status.PUBLISHED or not programme.starts_at <= at < programme.ends_at:
        raise CannotIssue(_("该项目不在发放期内。"), code="programme_not_open")
    if not at < expires_at <= programme.ends_at:
        raise CannotIssue(
            _("有效期须晚于现在且不晚于项目结束时间 %(end)s。") % {"end": f"{programme.ends_at:%Y-%m-%d}"},
            code="expiry_out_of_range",
            field="expires_at",
        )
    given = (
        Voucher.objects.filter(programme=programme, organization=organization).aggregate(t=Sum("amount"))["t"]
        or 0
    )
    if given + amount > programme.enterprise_cap:
        raise CannotIssue(
            _("该企业累计已发 ¥%(given)s，再发 ¥%(amount)s 将超过单家上限 ¥%(cap)s。")
            % {"given": yuan(given), "amount": yuan(amount), "cap": yuan(programme.enterprise_cap)},
            code="enterprise_cap",
            field="amount",
        )
    left = balance(Kind.POOL, programme.code)
    if amount > left:
        raise CannotIssue(
            _("券池余额 ¥%(left)s 不足。") % {"left": yuan(left)}, code="pool_exhausted", field="amount"
        )


def expire(*, voucher_id, at) -> Voucher:
    """The date has passed: what was not spent goes back to the pool. Saying it twice changes nothing."""
    with transaction.atomic():
        voucher = (
            Voucher.objects.select_for_update(of=("self",), no_key=True)
            .select_related("programme")
            .get(id=voucher_id)
        )
        if voucher.status != Voucher.Status.ACTIVE or voucher.expires_at > at:
            return voucher
        left = balance(Kind.VOUCHER, voucher.code)
        status.move(voucher, Voucher.Status.EXPIRED)
        if left:
            ledger.post(
                f"voucher-expired:{voucher.code}",
                kind=Cause.VOUCHER_EXPIRED,
                subject=voucher.code,
                lines=transfer(left, (Kind.VOUCHER, voucher.code), (Kind.POOL, voucher.programme.code)),
                at=at,
            )
        audit.record(
            voucher,
            "voucher.expired",
            by=None,
            before=Voucher.Status.ACTIVE,
            after=Voucher.Status.EXPIRED,
            returned=left,
        )
    return voucher
