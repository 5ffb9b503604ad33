"""Turning what a cluster measured into what is owed."""

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from federation.usage.models import UsageRecord
from marketplace.billing import queries
from marketplace.billing.models import BillLine, BillPart
from marketplace.funding import actions as funding
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import PLATFORM, Line
from marketplace.ledger.models import Cause, Kind
from marketplace.ledger.queries import balance
from marketplace.orders import actions as orders
from marketplace.orders.models import Order
from marketplace.pricing.rating import commission_on, half_up
from marketplace.pricing.tariffs import SECOND, card_hours
from portal.audit import actions as audit
from portal.shell.codes import new_code
from portal.shell.money import yuan
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
        readings = UsageRecord.objects.final().filter(workload_code=workload.code, corrects=None)
        for usage in readings.order_by("id"):
            line = _bill(order, workload, usage, most_seconds=left, at=at)
            left -= line.seconds
            lines.append(line)
        billed = sum(line.gross for line in lines)
        orders.close(order, _outcome(order, lines), by=None, at=at, billed_amount=billed)
    return order


def _outcome(order, lines):
    if any(line.seconds or line.free_reason == BillLine.Free.INCLUDED for line in lines):
        return Order.Status.BILLED
    return Order.Status.CANCELLED if order.cancel_requested_at else Order.Status.REFUNDED


def _free_reason(order, workload) -> str:
    if order.is_withdrawn:
        return BillLine.Free.WITHDRAWN
    if workload.is_provider_fault:
        return BillLine.Free.PROVIDER_FAULT
    return BillLine.Free.INCLUDED if order.reservation_id else ""


def _bill(order, workload, usage, *, most_seconds, at) -> BillLine:
    free_reason = _free_reason(order, workload)
    seconds = 0 if free_reason else min(usage.seconds, most_seconds)
    return _charge(
        order,
        _owed(order, order.seconds - most_seconds, seconds),
        reference=usage.source_key,
        usage=usage,
        seconds=seconds,
        metered_seconds=usage.seconds,
        free_reason=free_reason,
        at=at,
    )


def bill_period(order, gross, *, since, until, at) -> BillLine:
    """Bill a locked order for the cards it had from one moment to another."""
    seconds = (until - since) // SECOND
    return _charge(
        order,
        gross,
        reference=f"{order.code}:{until.timestamp():.0f}",
        since=since,
        until=until,
        seconds=seconds,
        metered_seconds=seconds,
        at=at,
    )


def _charge(order, gross, *, reference, at, **facts) -> BillLine:
    commission = commission_on(gross, order.plan.provider.commission_rate)
    paid = []
    if gross:
        paid = funding.capture(
            reference=f"order-billed:{reference}",
            order_code=order.code,
            amount=gross,
            counterpart=_earned(order, gross, commission),
            at=at,
        )
    parts = [_part(p.hold, p.amount) for p in paid]
    return _write(order, parts, commission=commission, at=at, **facts)


def bill_late(*, usage_id, at) -> BillLine | None:
    """Bill a reading that came when its order was closed and its money given back: it is owed, on the next bill.

    A reading that corrects a billed one is billed or given back by the difference. Never beyond what was ordered;
    saying it twice changes nothing.
    """
    with transaction.atomic():
        usage = UsageRecord.objects.select_related("corrects__bill_line").get(id=usage_id)
        workload = Workload.objects.get(code=usage.workload_code)
        order = Order.objects.locked(Order.objects.get(code=workload.order_code).id)
        if order.is_open or BillLine.objects.filter(usage=usage).exists():
            return None
        if usage.corrects:
            return _correct(order, usage, at)
        free_reason = _free_reason(order, workload)
        seconds = 0 if free_reason else min(usage.seconds, order.seconds - _billed(order))
        return _bill_on_account(
            order,
            _owed(order, _billed(order), seconds),
            kind=BillLine.Kind.LATE,
            original=order.lines.order_by("id").first(),
            usage=usage,
            seconds=seconds,
            metered_seconds=usage.seconds,
            free_reason=free_reason,
            at=at,
        )


def _billed(order) -> int:
    """Seconds of an order that its lines have billed."""
    return order.lines.aggregate(seconds=Sum("seconds", default=0))["seconds"]


def _owed(order, before, seconds) -> int:
    """Fen for so many seconds more: the lines of an order always sum to the rating of all its seconds."""
    rate = order.tariff.rate
    return rate(card_hours(order.cards, before + seconds)) - rate(card_hours(order.cards, before))


def _correct(order, usage, at) -> BillLine:
    """The meter was wrong: the line it was billed on is followed by one with the difference."""
    first = usage.corrects.bill_line
    first = first.original or first if first.kind == BillLine.Kind.CORRECTION else first
    known = queries.chain(first).aggregate(seconds=Sum("seconds"))["seconds"]
    billed = _billed(order)
    seconds = 0 if first.free_reason else min(usage.seconds, order.seconds - billed + known)
    more = _owed(order, billed, seconds - known)
    facts = {
        "kind": BillLine.Kind.CORRECTION,
        "original": first,
        "usage": usage,
        "seconds": seconds - known,
        "metered_seconds": usage.seconds - usage.corrects.seconds,
        "at": at,
    }
    # What was refunded meanwhile is not given back again.
    back = min(-more, queries.refundable(first))
    if back > 0:
        return _give_back(order, first, back, reference=f"bill-corrected:{usage.source_key}", **facts)
    return _bill_on_account(order, max(0, more), **facts)


def _bill_on_account(order, gross, *, usage, at, **facts) -> BillLine:
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
    parts = [_on_account(owner, gross)] if gross else []
    return _write(order, parts, usage=usage, commission=commission, at=at, **facts)


def give_back(*, line, amount, reference, at) -> BillLine:
    """Return part of a billed line to whoever paid it, in proportion, to the fen. Raises RefundTooHigh."""
    with transaction.atomic():
        order = Order.objects.locked(line.order_id)
        most = queries.refundable(line)
        if amount > most:
            raise funding.RefundTooHigh(
                _("该明细最多可退 ¥%(most)s。") % {"most": yuan(most)}, field="amount"
            )
        return _give_back(
            order,
            line,
            amount,
            reference=reference,
            kind=BillLine.Kind.REFUND,
            original=line,
            seconds=0,
            metered_seconds=0,
            at=at,
        )


def _give_back(order, first, amount, *, reference, at, **facts) -> BillLine:
    """What is on account goes first; the rest returns to the order's sources. Provider and platform bear their shares."""
    owner = order.organization.code
    funding.lock_purse(order.organization)
    owed = balance(Kind.RECEIVABLE, owner)
    known = queries.chain(first).aggregate(gross=Sum("gross"), commission=Sum("commission"))
    commission = half_up(known["commission"] * amount, known["gross"])
    from_account = min(amount, queries.on_account(first))
    borne = half_up(commission * from_account, amount)
    parts = []
    if from_account:
        # What came late and was paid with its bill is money again.
        still = min(from_account, owed - balance(Kind.CREDIT_USED, owner))
        ledger.post(
            f"{reference}:account",
            kind=Cause.BILL_REFUNDED,
            subject=order.code,
            lines=[
                Line(Kind.RECEIVABLE, owner, -still),
                Line(Kind.PREPAID, owner, still - from_account),
                *_earned(order, -from_account, -borne),
            ],
            at=at,
        )
        parts.append(_on_account(owner, -from_account))
    if rest := amount - from_account:
        paid = funding.refund(
            reference=reference,
            order_code=order.code,
            amount=rest,
            counterpart=_earned(order, -rest, borne - commission),
            at=at,
        )
        parts += [_part(p.hold, -p.amount) for p in paid if p.amount]
        orders.lower(order, rest)
    return _write(
        order, parts, commission=-commission, credit=balance(Kind.RECEIVABLE, owner) - owed, at=at, **facts
    )


def _earned(order, gross, commission) -> list[Line]:
    """How the provider and the platform share what a buyer pays."""
    return [
        Line(Kind.PROVIDER_ACCRUED, order.plan.provider.code, commission - gross),
        Line(Kind.COMMISSION, PLATFORM, -commission),
    ]


def _part(hold, amount) -> BillPart:
    return BillPart(
        source=hold.source,
        is_subsidy=hold.is_subsidy,
        clause=hold.clause,
        reference=hold.reference,
        payer=hold.payer,
        label=hold.label,
        amount=amount,
    )


def _on_account(owner, amount) -> BillPart:
    return BillPart(
        source=BillPart.ON_ACCOUNT,
        is_subsidy=False,
        reference=owner,
        payer=owner,
        label=gettext_noop("挂账"),
        amount=amount,
    )


def _write(order, parts, *, commission, at, credit=None, **facts) -> BillLine:
    """Put down one line and who paid it: subsidies, money, and `credit`, what is owed until the bill is paid."""
    gross = sum(part.amount for part in parts)
    if credit is None:
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
