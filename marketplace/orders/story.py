"""An order's road, told in words."""

from django.utils.translation import gettext as _

from marketplace.orders.models import Order

S = Order.Status
ENDINGS = {S.CANCELLED, S.REJECTED, S.EXPIRED, S.REFUNDED}


def stages(order, workload) -> list[dict]:
    """The stage bar: what is done, where it is now, what comes next."""
    steps = [{"label": _("下单"), "state": "done", "at": order.placed_at}]
    if order.confirm_by:
        steps.append(_step(_("审批"), order.confirmed_at, is_now=order.status == S.AWAITING_APPROVAL))
    if order.pay_by:
        steps.append(_step(_("付款"), order.confirmed_at, is_now=order.status == S.AWAITING_PAYMENT))
    if order.is_reservation:
        if order.begins_at:
            steps.append(_step(_("等待起用"), order.starts_at, is_now=order.status == S.CONFIRMED))
        steps.append(_step(_("使用中"), order.starts_at, is_now=order.status == S.RUNNING))
        steps.append(
            _step(_("到期结算"), order.closed_at if order.status == S.BILLED else None, is_now=False)
        )
        return _ended(order, steps)
    submitted = workload.submitted_at if workload else None
    started = workload.started_at if workload else None
    ended = workload.ended_at if workload else None
    steps += [
        _step(_("调度"), submitted, is_now=order.status == S.CONFIRMED and not submitted),
        _step(_("运行"), started, is_now=bool(submitted) and not ended and order.is_open),
        _step(
            _("计量结算"),
            order.closed_at if order.status == S.BILLED else None,
            is_now=bool(ended) and order.is_open,
        ),
    ]
    return _ended(order, steps)


def charged(order, workload) -> str:
    """Whether the state it is in costs anything."""
    if order.reservation_id:
        return _("在预留内运行，不另计费。")
    if order.status in ENDINGS:
        return _("没有费用，冻结的金额与算力券已全部退回。")
    if order.status == S.BILLED:
        return _("已按实际使用结算，多冻结的已退回。")
    if order.is_reservation:
        return _("按预留的时间计费，与是否运行作业无关。") if order.starts_at else _("起用前不计费。")
    if workload and workload.ended_at:
        return _("已停止计费，正在结算。")
    if workload and workload.started_at:
        return _("正在按秒计费，停止即止。")
    return _("开始运行前不计费，金额与算力券只是冻结。")


def _ended(order, steps):
    # What a cluster skipped telling us has happened all the same once the next stage is done.
    last_done = max(index for index, step in enumerate(steps) if step["state"] == "done")
    for step in steps[:last_done]:
        step["state"] = "done"
    if order.status in ENDINGS:
        steps = [step for step in steps if step["state"] == "done"]
        steps.append({"label": order.get_status_display(), "state": "bad", "at": order.closed_at})
    return steps


def _step(label, at, *, is_now):
    return {"label": label, "state": "now" if is_now else "done" if at else "next", "at": at}


def timeline(events) -> list[dict]:
    """The record of one order as timeline rows, newest first."""
    return [
        {
            "at": e.happened_at,
            "title": e.meaning,
            "by": str(e.actor) if e.actor else _("系统"),
        }
        for e in reversed(events)
    ]
