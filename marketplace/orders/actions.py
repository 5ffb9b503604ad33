"""What becomes of an order once it is placed: confirmed, begun, withdrawn, stopped, closed."""

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from federation.capacity import actions as capacity
from marketplace.funding import actions as funding
from marketplace.funding.queries import awaited
from marketplace.orders import queries, reservations
from marketplace.orders.models import Order, OrderStop
from marketplace.orders.placing import APPROVAL_KIND
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status, tenancy
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from scheduler.workloads import actions as workloads

ENDINGS = {
    Order.Status.BILLED: gettext_noop("订单 %(code)s 已结算：¥%(billed)s，退回 ¥%(refunded)s"),
    Order.Status.REFUNDED: gettext_noop("订单 %(code)s 未能运行，已全额退回 ¥%(refunded)s"),
    Order.Status.CANCELLED: gettext_noop("订单 %(code)s 已取消，退回 ¥%(refunded)s"),
    Order.Status.REJECTED: gettext_noop("订单 %(code)s 审批未通过，退回 ¥%(refunded)s"),
    Order.Status.EXPIRED: gettext_noop("订单 %(code)s 未在期限内审批或付款，已取消，退回 ¥%(refunded)s"),
}

STOPS = {
    "over_budget": gettext_noop("订单 %(code)s 正在停止：项目本月预算已用完"),
    "overdue": gettext_noop("订单 %(code)s 正在停止：单位有逾期未还的账单"),
    "reservation_over": gettext_noop("订单 %(code)s 正在停止：所用的预留资源已结束"),
}

ENDING = gettext_noop("预留“%(name)s”（%(code)s）将于 %(end)s 到期并释放；需要继续使用请在订单页续订")


class CannotCancel(Refusal):
    """There is nothing left to cancel."""

    status = 409
    code = "cannot_cancel"


def stop_buying(*, organization, bill_code, at) -> None:
    """A firm places no orders until this bill is paid. Saying it twice changes nothing."""
    OrderStop.objects.get_or_create(organization=organization, defaults={"bill_code": bill_code, "since": at})


def let_buy(*, organization) -> None:
    """The firm has paid: it may place orders again. Saying it twice changes nothing."""
    OrderStop.objects.filter(organization=organization).delete()


def approve(*, order_id, by, at) -> Order:
    """A second person agreed: the work may begin, or the money may come. Saying it twice changes nothing."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status != Order.Status.AWAITING_APPROVAL:
            return order
        if order.pay_by is None:
            _begin(order, gettext_noop("订单 %(code)s 审批通过，开始调度"), by=by, at=at)
            return order
        # The time that the approval took is not the payer's.
        pay_by = at + (order.pay_by - order.placed_at)
        status.move(order, Order.Status.AWAITING_PAYMENT, pay_by=pay_by)
        audit.record(
            order, "order.approved", by=by, before=Order.Status.AWAITING_APPROVAL, after=order.status
        )
        _tell(order, gettext_noop("订单 %(code)s 审批通过，请付款"), at)
    return order


def confirm_paid(*, order_id, at) -> Order:
    """All the money is here: the work may begin. Saying it twice, or too early, changes nothing."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Order.Status.AWAITING_PAYMENT and not awaited(order.code).exists():
            _begin(order, gettext_noop("订单 %(code)s 已付款，开始调度"), by=None, at=at)
    return order


def _begin(order, sentence, *, by, at):
    before = order.status
    status.move(order, Order.Status.CONFIRMED, confirmed_at=at)
    audit.record(order, "order.confirmed", by=by, before=before, after=order.status)
    if order.is_reservation:
        reservations.begin(order, at=at)
    else:
        workloads.queue(order_code=order.code, at=at)
    _tell(order, sentence, at)


def reject(*, order_id, by, reason, at) -> Order:
    """A second person said no: everything set aside goes back."""
    return _give_up(order_id, Order.Status.REJECTED, by=by, at=at, reason=reason)


def expire(*, order_id, at) -> Order:
    """Nobody answered or paid in time: everything set aside goes back."""
    return _give_up(order_id, Order.Status.EXPIRED, by=None, at=at, reason="")


def _give_up(order_id, to, *, by, at, reason):
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status not in Order.WAITING:
            return order
        _let_go(order, at)
        close(order, to, by=by, at=at, reason=reason)
    return order


def begin(*, order_id, at) -> Order:
    """The day of a reservation has come. Saying it twice, or too early, changes nothing."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.is_reservation:
            reservations.begin(order, at=at)
    return order


def remind(*, order_id, days, at) -> Order:
    """Tell the buyer that reserved capacity ends in so many days. Saying it twice tells it once."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Order.Status.RUNNING and (order.reminded_days or days + 1) > days:
            order.reminded_days = days
            order.save(update_fields=["reminded_days"])
            end = f"{localtime(order.ends_at):%Y-%m-%d %H:%M}"
            _tell(order, ENDING, at, kind=Notice.Kind.DEADLINE, name=order.name, end=end)
    return order


def pass_on_cards(order, *, at) -> None:
    """The cards of a reservation that is over are its renewal's, or free again."""
    renewals = order.renewals.select_for_update(no_key=True, of=("self",)).filter(status__in=Order.OPEN)
    if renewal := renewals.first():
        capacity.hand_over(key=order.code, to=renewal.code, at=at)
    else:
        capacity.release(key=order.code, at=at)


def _let_go(order, at):
    """Nothing has begun: its cards are free again."""
    if order.is_reservation:
        capacity.release(key=order.code, at=at)
    else:
        workloads.discard(order_code=order.code, at=at)


@tenancy.citywide()
def cancel(*, order_id, by, at) -> Order:
    """Stop an order. Within the withdrawal time it costs nothing, within the day's allowance; later, the seconds used.

    Saying it twice changes nothing.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Order.Status.CANCELLED or order.cancel_requested_at:
            return order
        if not order.is_open:
            raise CannotCancel(
                _("订单已是“%(status)s”，不能再取消。") % {"status": order.get_status_display()}
            )
        is_free = at <= order.cancel_until and queries.withdrawals_today(order.organization, at) < (
            settings.FREE_WITHDRAWALS_PER_DAY
        )
        return _ask_to_stop(order, is_withdrawn=is_free, by=by, at=at)


def stop(*, order_id, reason, at) -> Order:
    """The city stops an order, because its budget is spent or its firm has not paid: the seconds used are billed."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if not order.is_open or order.cancel_requested_at:
            return order
        order = _ask_to_stop(order, is_withdrawn=False, by=None, at=at, reason=reason)
        _tell(order, STOPS[reason], at)
    return order


def _ask_to_stop(order, *, is_withdrawn, by, at, **details) -> Order:
    order.cancel_requested_at = at
    order.is_withdrawn = is_withdrawn
    order.save(update_fields=["cancel_requested_at", "is_withdrawn"])
    audit.record(
        order,
        "order.cancel_requested",
        by=by,
        before={"cancel_requested_at": None, "is_withdrawn": False},
        after={"cancel_requested_at": at.isoformat(), "is_withdrawn": is_withdrawn},
        **details,
    )
    if order.status in Order.WAITING or order.status == Order.Status.CONFIRMED and order.is_reservation:
        _let_go(order, at)
        approvals.lapse(kind=APPROVAL_KIND, subject_code=order.code)
        close(order, Order.Status.CANCELLED, by=by, at=at)
    elif not order.is_reservation:
        workloads.request_cancel(order_code=order.code, by=by, at=at)
    return order


def start(*, order_id, at) -> Order:
    """The cluster has begun. Saying it twice changes nothing."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Order.Status.CONFIRMED:
            status.move(order, Order.Status.RUNNING)
            audit.record(
                order, "order.started", by=None, before=Order.Status.CONFIRMED, after=Order.Status.RUNNING
            )
    return order


def close(order, to, *, by, at, billed_amount=None, **details):
    """End a locked order whose cards are free again: give back all that is still set aside, tell the buyer."""
    refunded = funding.release(order_code=order.code, at=at)
    before = order.status
    status.move(order, to, closed_at=at, billed_amount=billed_amount)
    audit.record(
        order,
        f"order.{to}",
        by=by,
        before=before,
        after=to,
        refunded=refunded,
        billed=billed_amount,
        **details,
    )
    _tell(order, ENDINGS[to], at, billed=yuan(billed_amount or 0), refunded=yuan(refunded))


def lower(order, amount) -> None:
    """Part of what a locked order was billed went back: it has cost that much less."""
    if order.billed_amount is not None:
        order.billed_amount -= amount
        order.save(update_fields=["billed_amount"])


def _tell(order, sentence, at, kind=Notice.Kind.ORDER, **values):
    notices.notify(
        kind=kind,
        sentence=sentence,
        values={"code": order.code, **values},
        url=order.get_absolute_url(),
        at=at,
        user=order.placed_by,
    )
