"""Turning what a cluster measured into what is owed."""

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_noop

from federation.usage.models import UsageRecord
from marketplace.billing.models import BillLine, BillPart
from marketplace.funding import actions as funding
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import PLATFORM, Line
from marketplace.ledger.models import Cause, Kind
from marketplace.orders import actions as orders
from marketplace.orders.models import Order
from marketplace.pricing.rating import commission_on, rate
from portal.audit import actions as audit
from portal.shell.codes import new_code
from scheduler.workloads.models import Workload


def settle_order(*, order_id, at) -> Order:
    """Bill an order whose work has ended for the seconds its cluster measured, and give the rest back.

    Once for each usage record; an order already closed is left as it is.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if not order.is_open or order.status in Order.WAITING:
            return order
        workload = Workload.objects.get(order_code=order.code)
        if workload.status not in Workload.TERMINAL:
            return order
        left = order.seconds
        lines = []
        for usage in UsageRecord.objects.final().filter(workload_code=workload.code).order_by("id"):
            line = _bill(order, workload, usage, most_seconds=left, at=at)
            left -= line.seconds
            lines.append(line)
        billed = sum(line.gross for line in lines)
        orders.close(order, _outcome(order, lines), by=None, at=at, billed_amount=billed)
    return order


def _outcome(order, lines):
    if any(line.seconds for line in lines):
        return Order.Status.BILLED
    return Order.Status.CANCELLED if order.cancel_requested_at else Order.Status.REFUNDED


def _free_reason(order, workload) -> str:
    if order.is_withdrawn:
        return BillLine.Free.WITHDRAWN
    if workload.is_provider_fault:
        return BillLine.Free.PROVIDER_FAULT
    return ""


def _bill(order, workload, usage, *, most_seconds, at) -> BillLine:
    free_reason = _free_reason(order, workload)
    seconds = 0 if free_reason else min(usage.seconds, most_seconds)
    gross = rate(order.unit_price, order.cards, seconds)
    commission = commission_on(gross, order.plan.provider.commission_rate)
    paid = []
    if gross:
        paid = funding.capture(
            reference=f"order-billed:{usage.source_key}",
            order_code=order.code,
            amount=gross,
            counterpart=_earned(order, gross, commission),
            at=at,
        )
    parts = [
        BillPart(
            source=p.hold.source,
            is_subsidy=p.hold.is_subsidy,
            reference=p.hold.reference,
            payer=p.hold.payer,
            label=p.hold.label,
            amount=p.amount,
        )
        for p in paid
    ]
    return _write(
        order,
        parts,
        usage=usage,
        seconds=seconds,
        metered_seconds=usage.seconds,
        commission=commission,
        free_reason=free_reason,
        at=at,
    )


def bill_late(*, usage_id, at) -> BillLine | None:
    """Bill a reading that came when its order was closed and its money given back: it is owed, on the next bill.

    Never beyond what was ordered. Saying it twice changes nothing.
    """
    with transaction.atomic():
        usage = UsageRecord.objects.get(id=usage_id)
        workload = Workload.objects.get(code=usage.workload_code)
        order = Order.objects.locked(Order.objects.get(code=workload.order_code).id)
        if order.is_open or BillLine.objects.filter(usage=usage).exists():
            return None
        free_reason = _free_reason(order, workload)
        billed = order.lines.aggregate(seconds=Sum("seconds", default=0))["seconds"]
        seconds = 0 if free_reason else min(usage.seconds, order.seconds - billed)
        gross = rate(order.unit_price, order.cards, seconds)
        commission = commission_on(gross, order.plan.provider.commission_rate)
        owner = order.organization.code
        if gross:
            ledger.post(
                f"late-usage:{usage.source_key}",
                kind=Cause.LATE_USAGE,
                subject=order.code,
                lines=[Line(Kind.RECEIVABLE, owner, gross), *_earned(order, gross, commission)],
                at=at,
            )
        line = _write(
            order,
            [_owed(owner, gross)] if gross else [],
            kind=BillLine.Kind.LATE,
            original=order.lines.order_by("id").first(),
            usage=usage,
            seconds=seconds,
            metered_seconds=usage.seconds,
            commission=commission,
            free_reason=free_reason,
            at=at,
        )
    return line


def _earned(order, gross, commission) -> list[Line]:
    """How the provider and the platform share what a buyer pays."""
    return [
        Line(Kind.PROVIDER_ACCRUED, order.plan.provider.code, commission - gross),
        Line(Kind.COMMISSION, PLATFORM, -commission),
    ]


def _owed(owner, amount) -> BillPart:
    return BillPart(
        source=BillPart.ON_ACCOUNT,
        is_subsidy=False,
        reference=owner,
        payer=owner,
        label=gettext_noop("挂账"),
        amount=amount,
    )


def _write(order, parts, *, commission, at, **facts) -> BillLine:
    """Put down one line and who paid it: subsidies, money, and what is owed until the bill is paid."""
    gross = sum(part.amount for part in parts)
    credit = sum(part.amount for part in parts if part.source in BillPart.OWED)
    voucher = sum(part.amount for part in parts if part.is_subsidy)
    line = BillLine.objects.create(
        code=new_code("BL"),
        order=order,
        organization=order.organization,
        project=order.project,
        provider=order.plan.provider,
        cards=order.cards,
        unit_price=order.unit_price,
        gross=gross,
        voucher=voucher,
        cash=gross - voucher - credit,
        credit=credit,
        commission=commission,
        provider_amount=gross - commission,
        billed_at=at,
        **facts,
    )
    for part in parts:
        part.line = line
    BillPart.objects.bulk_create(parts)
    audit.record(line, "bill.posted", by=None, organization=order.organization, order=order.code, gross=gross)
    return line
