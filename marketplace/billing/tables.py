"""The lists of monthly bills and of their lines."""

import re

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.billing.models import Bill, BillLine, BillRefund
from portal.organizations.models import Project
from portal.shell.filters import Filters, Named
from portal.shell.screens import Column, Empty, ListScreen

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


class BillFilters(Filters):
    words = ("^code", "^order__code")
    hint = _("明细号或订单号")

    month = filters.CharFilter(
        method="of_month", label=_("月份"), widget=forms.TextInput(attrs={"type": "month"})
    )
    project = Named(
        label=_("项目"), queryset=lambda request: Project.objects.of(request.user), to_field_name="code"
    )
    bill = filters.CharFilter(field_name="item__bill__code", label=_("月度账单"), max_length=32)

    def of_month(self, rows, _name, text):
        """Lines billed in this month; what is no month narrows nothing."""
        month = MONTH.fullmatch(text)
        return rows.filter(billed_at__year=month[1], billed_at__month=month[2]) if month else rows


screen = ListScreen(
    "bills",
    _("用量明细"),
    lead=_("每一次用量一行：按秒计量、按下单时的单价结算。"),
    rows=lambda user: BillLine.objects.visible_to(user).select_related("usage"),
    action="bills.view",
    scope="orders:read",
    filters=BillFilters,
    columns=(
        Column("code", _("明细号"), "code"),
        Column("kind", _("类型"), "choice", beneath="code"),
        Column("original", _("原明细"), "code", value="original.code", beneath="code"),
        Column("free_reason", _("免费原因"), "choice", beneath="code"),
        Column("order", _("订单号"), "code", value="order.code", url="order.get_absolute_url"),
        Column("project", _("项目"), value="project.name", beneath="order"),
        Column("organization", _("单位"), is_optional=True),
        Column("accelerator", _("加速卡"), value="order.plan.accelerator"),
        Column("provider", _("服务商"), beneath="accelerator"),
        Column("cards", _("卡数"), "number", sort="cards"),
        Column("started_at", _("开始"), "time", is_optional=True),
        Column("ended_at", _("结束"), "time", is_optional=True),
        Column("seconds", _("计费时长"), "span", sort="seconds"),
        Column("unit_price", _("单价（元/卡时）"), "price", is_optional=True),
        Column("gross", _("应付"), "money", sort="gross", total="gross"),
        Column("voucher", _("算力券"), "money", sort="voucher", total="voucher"),
        Column("cash", _("已付"), "money", sort="cash", total="cash"),
        Column("credit", _("挂账"), "money", sort="credit", total="credit", is_optional=True),
        Column("billed_at", _("计费时间"), "time", sort="billed_at"),
    ),
    empty=Empty(_("没有用量"), _("作业结束后几秒内计费。"), icon="receipt"),
)


class MonthlyFilters(Filters):
    words = ("^code", "organization__name")
    hint = _("账单号或单位")

    month = filters.CharFilter(
        method="of_month", label=_("账期"), widget=forms.TextInput(attrs={"type": "month"})
    )

    def of_month(self, rows, _name, text):
        """Bills of this month; what is no month narrows nothing."""
        month = MONTH.fullmatch(text)
        return rows.filter(month__year=month[1], month__month=month[2]) if month else rows


monthly = ListScreen(
    "monthly-bills",
    _("账单"),
    lead=_("每月一张：上月的用量按项目汇总。出账后不再改动，迟到与更正的用量记入下一张并注明原明细。"),
    rows=lambda user: Bill.objects.visible_to(user),
    action="bills.view",
    scope="orders:read",
    filters=MonthlyFilters,
    tabs="status",
    columns=(
        Column("month", _("账期"), value="period", url="get_absolute_url", sort="month"),
        Column("code", _("账单号"), "code", beneath="month"),
        Column("organization", _("单位"), is_optional=True),
        Column("line_count", _("明细条数"), "number", sort="line_count", total="line_count"),
        Column("gross", _("应付"), "money", sort="gross", total="gross"),
        Column("voucher", _("算力券"), "money", sort="voucher", total="voucher"),
        Column("cash", _("已付"), "money", sort="cash", total="cash"),
        Column("due", _("待还"), "money", sort="due", total="due"),
        Column("due_on", _("还款日"), "day", sort="due_on"),
        Column("status", _("状态"), "status"),
        Column("issued_at", _("出账时间"), "time", is_optional=True),
    ),
    empty=Empty(_("还没有账单"), _("每月 1 日生成上月账单；本月的用量见“用量明细”。"), icon="receipt"),
)

# What a bill's own page says of it.
FACTS = (
    Column("organization", _("单位")),
    Column("month", _("账期"), value="period"),
    Column("issued_at", _("出账时间"), "time"),
    Column("due_on", _("还款日"), "day"),
    Column("paid_at", _("结清时间"), "time"),
)
# What a bill says on its page and on paper: who used it, who paid it, line by line.
PROJECTS = (
    Column("name", _("项目")),
    Column("line_count", _("明细条数"), "number", total="line_count"),
    Column("gross", _("应付"), "money", total="gross"),
    Column("voucher", _("算力券"), "money", total="voucher"),
    Column("cash", _("已付"), "money", total="cash"),
    Column("credit", _("挂账"), "money", total="credit"),
)
PAYERS = (
    Column("label", _("资金来源")),
    Column("number", _("编号"), "code"),
    Column("paid", _("金额"), "money", total="paid"),
)
LINES = (
    Column("code", _("明细号"), "code"),
    Column("kind", _("类型"), "choice", beneath="code"),
    Column("original", _("原明细"), "code", value="original.code", beneath="code"),
    Column("order", _("订单号"), "code", value="order.code", url="order.get_absolute_url"),
    Column("project", _("项目"), value="project.name"),
    Column("accelerator", _("加速卡"), value="order.plan.accelerator"),
    Column("cards", _("卡数"), "number"),
    Column("seconds", _("计费时长"), "span"),
    Column("gross", _("应付"), "money", total="gross"),
)


class RefundFilters(Filters):
    words = ("^code", "^line__code", "^line__order__code", "organization__name")
    hint = _("退费单号、明细号、订单号或单位")


refunds = ListScreen(
    "bill-refunds",
    _("账单退费"),
    lead=_("把已计费的明细退回原资金来源：一人提出，另一人复核，记入单位的下一张账单。"),
    rows=lambda user: BillRefund.objects.visible_to(user),
    action="refunds.manage",
    filters=RefundFilters,
    tabs="status",
    columns=(
        Column("code", _("退费单号"), "code"),
        Column("line", _("明细号"), "code", value="line.code", beneath="code"),
        Column("order", _("订单号"), "code", value="line.order.code", url="line.order.get_absolute_url"),
        Column("organization", _("单位"), beneath="order"),
        Column("amount", _("退费金额"), "money", sort="amount", total="amount"),
        Column("seconds", _("更正后的计量秒数"), "number"),
        Column("reason_code", _("原因"), "choice"),
        Column("reason", _("说明"), beneath="reason_code"),
        Column("asked_by", _("提出人")),
        Column("asked_at", _("提出时间"), "time", beneath="asked_by", sort="asked_at"),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("没有退费"), _("需要退回已计费的明细时，在下方填写明细号与原因。"), icon="receipt"),
)
