"""The lists of vouchers and of programmes."""

from django.utils.translation import gettext_lazy as _

from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen
from subsidies.budgets.models import Programme
from subsidies.budgets.queries import standings
from subsidies.vouchers.models import Voucher
from subsidies.vouchers.queries import worths


class VoucherFilters(Filters):
    words = ("^code", "programme__name", "organization__name")
    hint = _("券号、补贴项目或企业")
    since, until = days("expires_at", _("到期日期起"), _("到期日期止"))


vouchers = ListScreen(
    "vouchers",
    _("算力券"),
    lead=_("下单时自动先用区级、再用市级，先到期的先用；未用完的部分在作业结束后退回原券。"),
    rows=lambda user: Voucher.objects.visible_to(user).select_related("programme", "organization"),
    prepare=worths,
    action="vouchers.view",
    scope="wallet:read",
    filters=VoucherFilters,
    tabs="status",
    columns=(
        Column("programme", _("补贴项目"), value="voucher.programme.name"),
        Column("code", _("券号"), "code", value="voucher.code", beneath="programme"),
        Column("organization", _("持有企业"), value="voucher.organization"),
        Column("amount", _("券面金额"), "money", value="voucher.amount", sort="amount", total="amount"),
        Column("redeemed", _("已核销"), "money"),
        Column("frozen", _("冻结"), "money"),
        Column("left", _("可用"), "money"),
        Column("progress", _("使用进度"), template="vouchers/_progress.html", is_on_paper=False),
        Column("expires_at", _("有效期至"), "time", value="voucher.expires_at", sort="expires_at"),
        Column("status", _("状态"), "status", value="voucher.status"),
    ),
    empty=Empty(_("还没有算力券"), _("发放后会收到通知，下单时自动抵扣。"), icon="voucher"),
)


class ProgrammeFilters(Filters):
    words = ("name", "^code")
    hint = _("补贴项目名称")


programmes = ListScreen(
    "programmes",
    _("补贴项目"),
    lead=_("预算 = 券池余额 + 已发放；已发放 = 可用 + 冻结 + 已核销。每一分都在账本里。"),
    rows=lambda user: Programme.objects.select_related("version__policy", "payer"),
    prepare=standings,
    action="programmes.view",
    scope="subsidies:read",
    filters=ProgrammeFilters,
    columns=(
        Column("programme", _("补贴项目"), value="programme.name", url="programme.get_absolute_url"),
        Column("code", _("项目编号"), "code", value="programme.code", beneath="programme"),
        Column("payer", _("出资单位"), value="programme.payer"),
        Column("document", _("文号"), value="programme.version.policy.document", beneath="payer"),
        Column("year", _("年度"), value="programme.year", sort="year"),
        Column("budget", _("预算"), "money", value="programme.budget", sort="budget", total="budget"),
        Column("issued", _("已发放"), "money"),
        Column("redeemed", _("已核销"), "money"),
        Column("pool", _("券池余额"), "money"),
        Column("progress", _("预算进度"), template="vouchers/_spent.html", is_on_paper=False),
        Column("status", _("状态"), "status", value="programme.status"),
    ),
    empty=Empty(_("还没有补贴项目"), _("政策发布并安排预算后，会出现在这里。"), icon="voucher"),
)
# What a programme has issued, on its own page.
ISSUED = (
    Column("code", _("券号"), "code", value="voucher.code"),
    Column("organization", _("持有企业"), value="voucher.organization"),
    Column("amount", _("券面金额"), "money", value="voucher.amount"),
    Column("redeemed", _("已核销"), "money"),
    Column("left", _("可用"), "money"),
    Column("expires_at", _("有效期至"), "day", value="voucher.expires_at"),
    Column("status", _("状态"), "status", value="voucher.status"),
)
