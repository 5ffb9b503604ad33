"""Setting a billed line right: asked by one of finance, agreed by another."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from federation.usage import actions as usage
from marketplace.billing import actions as billing
from marketplace.billing import queries
from marketplace.billing.models import BillLine, BillRefund
from marketplace.funding.actions import RefundTooHigh
from marketplace.orders.models import Order
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan

APPROVAL_KIND = "bill-refund"
# By whether seconds are corrected.
SENTENCES = {
    False: gettext_noop("账单退费 %(code)s：%(name)s ¥%(amount)s"),
    True: gettext_noop("计量更正 %(code)s：%(name)s，更正为 %(seconds)s 秒"),
}
# By whether more is owed now.
TOLD = {
    False: gettext_noop("订单 %(order)s 退费 ¥%(amount)s，已退回原资金来源"),
    True: gettext_noop("订单 %(order)s 计量更正，补计 ¥%(amount)s，记入下一张账单"),
}


def ask(*, line_id, reason_code, reason, by, at, amount: int = 0, seconds: int | None = None) -> BillRefund:
    """Ask a second person to give part of a line back, or to bill it for other seconds. Raises RefundTooHigh."""
    with transaction.atomic():
        line = BillLine.objects.select_related("organization", "original").get(id=line_id)
        line = line.original or line if line.kind in BillLine.ADJUSTING else line
        # The lock under which lines are billed and given back: two asking at once would each see the whole.
        Order.objects.locked(line.order_id)
        if seconds is not None and line.usage_id is None:
            raise Refusal(_("按期计费的明细没有计量读数，请按金额退费。"), code="no_reading", field="seconds")
        asked = line.refunds.filter(status=BillRefund.Status.ASKED)
        most = queries.refundable(line) - sum(asked.values_list("amount", flat=True))
        if seconds is None and not 0 < amount <= most:
            raise RefundTooHigh(_("该明细最多可退 ¥%(most)s。") % {"most": yuan(most)}, field="amount")
        refund = BillRefund.objects.create(
            code=new_code("BR"),
            line=line,
            organization=line.organization,
            amount=amount,
            seconds=seconds,
            reason_code=reason_code,
            reason=reason,
            asked_by=by,
            asked_at=at,
        )
        audit.record(
            refund, "bill.refund_asked", by=by, line=line.code, amount=amount, seconds=seconds, reason=reason
        )
        approvals.request(
            kind=APPROVAL_KIND,
            subject_code=refund.code,
            organization=line.organization,
            decided_under="refunds.manage",
            amount=amount,
            sentence=SENTENCES[seconds is not None],
            values={
                "code": refund.code,
                "name": line.organization.name,
                "amount": yuan(amount),
                "seconds": seconds,
            },
            url="/bills/refunds/",
            by=by,
            at=at,
        )
    return refund


def give(*, refund_id, by, at) -> BillRefund:
    """A second person agreed: the amount goes back where it came from. Saying it twice gives once."""
    with transaction.atomic():
        refund = BillRefund.objects.locked(refund_id)
        if refund.status != BillRefund.Status.ASKED:
            return refund
        if refund.amount > queries.refundable(refund.line):
            # A correction of the meter has taken it back meanwhile.
            return _decided(refund, BillRefund.Status.REFUSED, by=by)
        line = _set_right(refund, at)
        _decided(refund, BillRefund.Status.GIVEN, by=by, given_line=line)
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=TOLD[line.gross > 0],
            values={"order": refund.line.order.code, "amount": yuan(abs(line.gross))},
            url=refund.line.order.get_absolute_url(),
            at=at,
            organization=refund.organization,
            action="bills.pay",
        )
    return refund


def _set_right(refund, at):
    if refund.seconds is None:
        return billing.give_back(
            line=refund.line, amount=refund.amount, reference=f"bill-refunded:{refund.code}", at=at
        )
    wrong = queries.last_reading(refund.line)
    reading = usage.record(
        source_key=f"{wrong.source_key}:{refund.code}",
        cluster=wrong.cluster,
        accelerator=wrong.accelerator,
        workload_code=wrong.workload_code,
        cards=wrong.cards,
        started_at=wrong.started_at,
        ended_at=wrong.started_at + timedelta(seconds=refund.seconds),
        seconds=refund.seconds,
        is_final=True,
        at=at,
        corrects=wrong,
    )
    return billing.bill_late(usage_id=reading.id, at=at)


def refuse(*, refund_id, by) -> BillRefund:
    """A second person said no. Saying it twice changes nothing."""
    with transaction.atomic():
        refund = BillRefund.objects.locked(refund_id)
        if refund.status == BillRefund.Status.ASKED:
            _decided(refund, BillRefund.Status.REFUSED, by=by)
    return refund


def _decided(refund, to, *, by, **facts) -> BillRefund:
    before = refund.status
    status.move(refund, to, **facts)
    audit.record(
        refund,
        f"bill.refund_{to}",
        by=by,
        before=before,
        after=to,
        line=refund.line.code,
        amount=refund.amount,
    )
    return refund
