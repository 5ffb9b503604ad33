"""Reserved capacity: cards that are the buyer's until a date, and jobs that run on them without being paid for again."""

from datetime import date, datetime, timedelta

from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

from marketplace.orders.models import Order
from marketplace.orders.refusals import BadOrder
from marketplace.pricing.tariffs import Unit, after
from portal.audit import actions as audit
from portal.shell import status
from scheduler.placement import actions as placement

AHEAD = timedelta(days=90)
# How many days before its end the buyer is told.
REMINDERS = (1, 7)


def beginning(day: date) -> datetime:
    """From when what is reserved from this day on is the buyer's."""
    return datetime(day.year, day.month, day.day, tzinfo=get_current_timezone())


def check(request, at) -> None:
    """Refuse days or months that the plan does not sell, and a beginning that is past or too far away."""
    plan = request.plan
    least, most = plan.term or 1, plan.length_max
    if request.periods is None or not least <= request.periods <= most:
        raise BadOrder(
            _("天数或月数须在 %(least)d 到 %(most)d 之间。") % {"least": least, "most": most},
            code="periods_out_of_range",
            field="periods",
        )
    if request.reservation:
        raise BadOrder(_("预留资源内只能运行作业。"), code="reservation_unfit", field="reservation")
    first, last = localtime(at).date(), localtime(at + AHEAD).date()
    if request.begins_at and not first <= localtime(request.begins_at).date() <= last:
        raise BadOrder(
            _("开始日期须在 %(first)s 到 %(last)s 之间。") % {"first": first, "last": last},
            code="begin_out_of_range",
            field="begins_on",
        )


def begin(order, *, at) -> None:
    """The cards of a confirmed order are the buyer's until its days or months are over: now, or from the day asked for."""
    if order.status != Order.Status.CONFIRMED or order.begins_at and order.begins_at > at:
        return
    # What it renews still has the cards, until its last jobs have stopped.
    if order.renews and order.renews.is_open:
        return
    since = localtime(max(order.begins_at or order.confirmed_at, order.confirmed_at)).replace(microsecond=0)
    until = after(Unit(order.plan.unit), since, order.periods)
    status.move(order, Order.Status.RUNNING, starts_at=since, ends_at=until)
    audit.record(order, "order.started", by=None, before=Order.Status.CONFIRMED, after=order.status)


def place_within(code, request, *, at):
    """Give a job cards of the firm's own reservation, as long as it has them. Raises Refusal."""
    held = Order.objects.locked(request.reservation.id)
    plan = request.plan
    is_ours = held.organization_id == request.project.organization_id
    is_same = (held.plan.provider_id, held.plan.accelerator_id) == (plan.provider_id, plan.accelerator_id)
    is_usable = held.status == Order.Status.RUNNING and held.is_reservation and not held.cancel_requested_at
    if not (is_ours and is_same and is_usable and at < held.ends_at):
        raise BadOrder(
            _("该预留资源不可用：须是本单位使用中的预留，且型号与服务商相同。"),
            code="reservation_unfit",
            field="reservation",
        )
    if (held.ends_at - at).total_seconds() < request.hours * 3600:
        raise BadOrder(
            _("预留资源于 %(end)s 到期，请缩短时长。") % {"end": f"{localtime(held.ends_at):%Y-%m-%d %H:%M}"},
            code="hours_out_of_range",
            field="hours",
        )
    return placement.decide_within(subject_code=code, reservation_code=held.code, cards=request.cards, at=at)


def go_on(request, *, cards, at):
    """Let a renewal have the cards of the firm's own reservation when that is over: where they are. Raises BadOrder."""
    old = Order.objects.locked(request.renews.id)
    plan = request.plan
    is_ours = old.organization_id == request.project.organization_id
    is_same = (old.plan.provider_id, old.plan.accelerator_id, old.cards) == (
        plan.provider_id,
        plan.accelerator_id,
        cards,
    )
    is_usable = old.status == Order.Status.RUNNING and old.is_reservation and not old.cancel_requested_at
    if not (is_ours and is_same and is_usable and at < old.ends_at == request.begins_at):
        raise BadOrder(
            _("该预留不能续订：须是本单位使用中的预留，且服务商、型号与卡数相同，自其到期时起用。"),
            code="renewal_unfit",
            field="renews",
        )
    if renewal := old.renewals.filter(status__in=Order.OPEN).first():
        raise BadOrder(
            _("该预留已续订（%(code)s）。") % {"code": renewal.code}, code="already_renewed", field="renews"
        )
    return old.decision
