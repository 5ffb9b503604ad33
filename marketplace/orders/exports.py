"""Orders as an office wants them."""

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.shell.money import to_yuan
from portal.shell.workbooks import workbook


def orders_workbook(orders):
    """One sheet of orders with typed cells."""
    heads = [
        _("订单号"),
        _("作业名称"),
        _("项目"),
        _("加速卡"),
        _("服务商"),
        _("卡数"),
        _("时长上限（小时）"),
        _("冻结总额（元）"),
        _("算力券抵扣（元）"),
        _("实际结算（元）"),
        _("状态"),
        _("下单时间"),
    ]
    rows = (
        [
            o.code,
            o.name,
            o.project.name,
            o.plan.accelerator.name,
            o.plan.provider.name,
            o.cards,
            o.hours,
            to_yuan(o.amount),
            to_yuan(o.voucher_amount),
            None if o.billed_amount is None else to_yuan(o.billed_amount),
            o.get_status_display(),
            localtime(o.placed_at).replace(tzinfo=None),
        ]
        for o in orders
    )
    return workbook(_("订单"), heads, rows)
