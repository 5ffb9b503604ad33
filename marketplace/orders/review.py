"""What a reviewer of an order finds on the desk."""

from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.catalogue.models import Plan
from marketplace.catalogue.queries import price_notes
from marketplace.funding.queries import explained_holds
from marketplace.orders.models import Order
from marketplace.orders.queries import committed_in_month
from portal.shell.money import yuan
from portal.shell.names import named
from portal.shell.reviews import Fact, Material, Parts
from scheduler.workloads import queries as workloads

MOST_SHOWN = 20_000


def parts(approval) -> Parts:
    """The order as it was asked for, and whether budget, price, cards and time still agree with it."""
    order = (
        Order.objects.select_related("project", "plan__accelerator", "plan__provider", "placed_by")
        .filter(code=approval.subject_code)
        .first()
    )
    if order is None:
        return Parts()
    workload = workloads.by_order(order.code)
    return Parts(_materials(order, workload), _facts(order, workload, timezone.now()))


def _materials(order, workload):
    command = [Material(_("启动命令"), workload.command)] if workload else []
    files = workload.files.all() if workload else []
    texts = [
        Material(file.path, bytes(file.content[:MOST_SHOWN]).decode("utf-8", "replace")) for file in files
    ]
    paid = "\n".join(
        "\n".join([f"{_(hold.label)} ¥{yuan(hold.amount)}", *map(str, sentences)])
        for hold, sentences in explained_holds(order.code)
    )
    return [*command, *texts, Material(_("付款方式"), paid)]


def _facts(order, workload, at):
    return [
        Fact(_("申请人"), order.placed_by),
        Fact(_("算力"), f"{named(order.plan.accelerator)} × {order.cards}", named(order.plan.provider)),
        _time(order, at),
        _price(order, at),
        Fact(_("冻结总额"), order.amount, _("单价 × 数量，含阶梯价"), is_money=True),
        Fact(_("其中算力券"), order.voucher_amount, is_money=True),
        _budget(order, at),
        _cards(workload),
    ]


def _time(order, at):
    hours = order.size
    if not order.is_open or order.confirm_by is None:
        return Fact(_("数量"), hours)
    left = int((order.confirm_by - at).total_seconds() // 3600)
    result = "ok" if left >= 2 else "warn"
    return Fact(
        _("数量"), hours, "", result, _("审批时限还剩 %(n)s 小时，过期自动失效。") % {"n": max(left, 0)}
    )


def _price(order, at):
    now = Plan.objects.filter(id=order.plan_id).priced(at).values_list("unit_price", flat=True).first()
    is_same = now == order.unit_price
    finding = _("与现行目录价一致") if is_same else _("目录价已变动，本单仍按下单时的单价")
    price = f"¥{order.unit_price:,.2f} / {order.plan.get_unit_display()}"
    price = " · ".join([price, *price_notes(order.plan, order)])
    return Fact(_("单价"), price, _("下单时的价格快照"), "ok" if is_same else "warn", finding)


def _budget(order, at):
    budget, used = order.project.monthly_budget, committed_in_month(order.project, at)
    if not budget:
        return Fact(_("项目预算"), order.project.name, "", "warn", _("该项目没有设月度预算。"))
    nearly = budget * (order.project.remind_percent or 100) // 100
    result = "bad" if used > budget else "warn" if used >= nearly else "ok"
    words = _("本月预算 ¥%(budget)s，含本单已用 ¥%(used)s。") % {"budget": yuan(budget), "used": yuan(used)}
    return Fact(_("项目预算"), order.project.name, _("按本月订单实时计算"), result, words)


def _cards(workload):
    if workload is None or workload.is_terminal:
        return Fact(_("加速卡"), "—", "", "warn", _("没有为本单保留加速卡。"))
    return Fact(_("加速卡"), named(workload.pool.cluster), _("调度决定"), "ok", _("已保留，同意后立即运行。"))
