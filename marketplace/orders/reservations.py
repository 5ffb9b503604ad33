"""Reserved capacity: cards that are the buyer's until a date, and jobs that run on them without being paid for again."""

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from marketplace.orders.models import Order
from marketplace.orders.refusals import BadOrder
from marketplace.pricing.tariffs import Unit, after
from portal.audit import actions as audit
from portal.shell import status
from scheduler.placement import actions as placement


def check(request) -> None:
    """Refuse days or months that the plan does not sell."""
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


def begin(order, *, at) -> None:
    """From now until its days or months are over, the cards of a confirmed order are the buyer's."""
    if order.status != Order.Status.CONFIRMED:
        return
    since = localtime(at).replace(microsecond=0)
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
