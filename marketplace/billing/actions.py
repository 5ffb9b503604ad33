"""Turning what a cluster measured into what is owed."""

from django.db import transaction

from federation.usage.models import UsageRecord
from marketplace.billing.models import BillLine, BillPart
from marketplace.funding import actions as funding
from marketplace.ledger.actions import PLATFORM, Line
from marketplace.ledger.models import Kind
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
    provider = order.plan.provider
    commission = commission_on(gross, provider.commission_rate)
    paid = []
    if gross:
        paid = funding.capture(
            reference=f"order-billed:{usage.source_key}",
            order_code=order.code,
            amount=gross,
            counterpart=[
                Line(Kind.PROVIDER_ACCRUED, provider.code, commission - gross),
                Line(Kind.COMMISSION, PLATFORM, -commission),
            ],
            at=at,
        )
    credit = sum(p.amount for p in paid if p.hold.source == "credit")
    voucher = sum(p.amount for p in paid if p.hold.is_subsidy)
    line = BillLine.objects.create(
        code=new_code("BL"),
        order=order,
        organization=order.organization,
        project=order.project,
        provider=provider,
        usage=usage,
        cards=order.cards,
        seconds=seconds,
        metered_seconds=usage.seconds,
        unit_price=order.unit_price,
        gross=gross,
        voucher=voucher,
        cash=gross - voucher - credit,
        credit=credit,
        commission=commission,
        provider_amount=gross - commission,
        free_reason=free_reason,
        billed_at=at,
    )
    BillPart.objects.bulk_create(
        BillPart(
            line=line,
            source=p.hold.source,
            is_subsidy=p.hold.is_subsidy,
            reference=p.hold.reference,
            payer=p.hold.payer,
            label=p.hold.label,
            amount=p.amount,
        )
        for p in paid
    )
    audit.record(line, "bill.posted", by=None, organization=order.organization, order=order.code, gross=gross)
    return line
