"""The list of statements."""

from django.utils.translation import gettext_lazy as _

from marketplace.settlement.models import Statement
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class StatementFilters(Filters):
    words = ("title", "^code")
    hint = _("结算对象或结算单号")
    since, until = days("closed_at", _("结算日期起"), _("结算日期止"))


screen = ListScreen(
    "statements",
    _("结算单"),
    lead=_(
        "服务商结算 = 计费收入 − 佣金；财政补贴结算 = 按项目核销的算力券。结算后不再改动，差错以冲正更正。"
    ),
    rows=lambda user: Statement.objects.visible_to(user),
    action="statements.view",
    scope="settlement:read",
    filters=StatementFilters,
    tabs="kind",
    columns=(
        Column("title", _("结算对象"), url="get_absolute_url"),
        Column("code", _("结算单号"), "code", beneath="title"),
        Column("kind", _("类型"), value="get_kind_display"),
        Column("from_at", _("起始"), "time"),
        Column("until_at", _("截至"), "time", sort="until_at"),
        Column("line_count", _("明细条数"), "number", sort="line_count", total="line_count"),
        Column("gross", _("总额"), "money", sort="gross", total="gross"),
        Column("commission", _("佣金"), "money", sort="commission", total="commission"),
        Column("net", _("结算额"), "money", sort="net", total="net"),
        Column("closed_at", _("结算时间"), "time", is_optional=True),
    ),
    empty=Empty(_("还没有结算单"), _("每月初由平台财务结算上一期；也可以随时结算至此刻。"), icon="statement"),
)

# What a statement's own page says of it.
FACTS = (
    Column("title", _("结算对象")),
    Column("from_at", _("起始"), "time"),
    Column("until_at", _("截至"), "time"),
    Column("closed_at", _("结算时间"), "time"),
    Column("closed_by", _("制表人")),
    Column("card_seconds", _("计费卡时"), "span"),
)
