"""The list of offers on their way to the shelf."""

from django.utils.translation import gettext_lazy as _

from marketplace.catalogue.models import PriceDraft
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class DraftFilters(Filters):
    words = ("^code", "accelerator__name", "provider__name")
    hint = _("草稿编号、型号或服务商")
    since, until = days("effective_from", _("生效日期起"), _("生效日期止"))


screen = ListScreen(
    "prices",
    _("商品与价格"),
    lead=_("草稿提交后由平台审核，到生效时间自动上架；已下的订单仍按下单时的单价。"),
    rows=lambda user: PriceDraft.objects.visible_to(user),
    action="prices.view",
    scope="settlement:read",
    filters=DraftFilters,
    tabs="status",
    columns=(
        Column("accelerator", _("型号"), url="get_absolute_url"),
        Column("code", _("草稿编号"), "code", beneath="accelerator"),
        Column("provider", _("服务商"), is_optional=True),
        Column("kind", _("商品类型"), "choice"),
        Column("unit", _("计价单位"), "choice", beneath="kind"),
        Column("unit_price", _("单价（元）"), "price", sort="unit_price"),
        Column("package", _("每份数量"), "number", is_optional=True),
        Column("tiers", _("阶梯价"), value="tiers_text", is_optional=True),
        Column("term", _("承诺月数"), "number", is_optional=True),
        Column("cards_max", _("最多卡数"), "number"),
        Column("hours_max", _("最长小时数"), "number"),
        Column("effective_from", _("生效时间"), "time", sort="effective_from"),
        Column("published_at", _("上架时间"), "time", is_optional=True),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("还没有价格草稿"), _("新建草稿，或下载价格表在 Excel 里改好后导入。"), icon="market"),
)

# A draft beside what is sold now.
CHANGES = (
    Column("name", _("内容")),
    Column("now", _("现售"), "figures"),
    Column("then", _("草稿"), "figures", template="catalogue/_then.html"),
)
