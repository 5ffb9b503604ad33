"""The list of orders."""

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from marketplace.orders.models import Order
from portal.organizations.models import Project
from portal.shell.filters import Filters, Named, days
from portal.shell.screens import Column, Empty, ListScreen


class OrderFilters(Filters):
    words = ("name", "^code")
    hint = _("订单号或作业名称")

    project = Named(
        label=_("项目"), queryset=lambda request: Project.objects.of(request.user), to_field_name="code"
    )
    since, until = days("placed_at", _("下单日期起"), _("下单日期止"))


screen = ListScreen(
    "orders",
    _("订单"),
    rows=lambda user: Order.objects.visible_to(user),
    action="orders.view",
    scope="orders:read",
    filters=OrderFilters,
    tabs="status",
    columns=(
        Column("name", _("作业名称"), url="get_absolute_url"),
        Column("code", _("订单号"), "code", beneath="name"),
        Column("project", _("项目"), value="project.name"),
        Column("organization", _("单位"), beneath="project"),
        Column("accelerator", _("加速卡"), value="plan.accelerator"),
        Column("provider", _("服务商"), value="plan.provider", beneath="accelerator"),
        Column("kind", _("商品类型"), "choice", value="plan.kind", beneath="accelerator"),
        Column("cards", _("卡数"), "number", sort="cards"),
        Column("hours", _("时长上限（小时）"), "number", sort="hours", is_optional=True),
        Column("amount", _("冻结总额"), "money", sort="amount", total="amount"),
        Column("voucher_amount", _("算力券抵扣"), "money", total="voucher_amount", is_optional=True),
        Column("billed_amount", _("实际结算"), "money", sort="billed_amount", total="billed_amount"),
        Column("status", _("状态"), "status"),
        Column("placed_by", _("下单人"), is_optional=True),
        Column("placed_at", _("下单时间"), "time", sort="placed_at"),
    ),
    empty=Empty(
        _("还没有订单"),
        _("从算力市场选一款加速卡，几分钟就能运行第一个作业。"),
        reverse_lazy("storefront:list"),
        _("去算力市场"),
        "cart",
    ),
)

# What an order's own page says of it.
FACTS = (
    Column("organization", _("单位")),
    Column("project", _("项目"), value="project.name"),
    Column("kind", _("商品类型"), "choice", value="plan.kind"),
    Column("size", _("数量")),
    Column("renews", _("续订自"), value="renews.code", url="renews.get_absolute_url"),
    Column("begins_at", _("约定起用时间"), "time"),
    Column("starts_at", _("起用时间"), "time"),
    Column("ends_at", _("到期时间"), "time"),
    Column("reservation", _("所用预留"), value="reservation.code", url="reservation.get_absolute_url"),
    Column("placed_by", _("下单人"), template="orders/_buyer.html"),
    Column("placed_at", _("下单时间"), "time"),
)
# Where it might have run and why, and what it was billed.
CANDIDATES = (
    Column("cluster", _("集群"), template="orders/_candidate.html"),
    Column("cards_free", _("空闲卡"), "number"),
    Column("score", _("得分"), "number", template="orders/_score.html"),
    Column("sentences", _("原因"), template="orders/_reasons.html"),
)
LINES = (
    Column("code", _("账单号"), template="orders/_line.html"),
    Column("seconds", _("计费时长"), "span"),
    Column("cards", _("卡数"), beneath="seconds", template="orders/_metered.html"),
    Column("gross", _("应付"), "money"),
    Column("voucher", _("算力券"), "money"),
    Column("cash", _("自付"), "money"),
)
