"""The list of invoices."""

from django.utils.translation import gettext_lazy as _

from marketplace.invoices.models import Invoice
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class InvoiceFilters(Filters):
    words = ("^code", "^number", "organization__name")
    hint = _("申请编号、发票号码或单位")
    since, until = days("requested_at", _("申请日期起"), _("申请日期止"))


screen = ListScreen(
    "invoices",
    _("发票"),
    lead=_("按实际支付的金额开具数电票，算力券抵扣的部分不开给企业；退费后自动红冲。"),
    rows=lambda user: Invoice.objects.visible_to(user),
    action="invoices.view",
    scope="wallet:read",
    filters=InvoiceFilters,
    tabs="status",
    columns=(
        Column("code", _("申请编号"), "code", url="get_absolute_url"),
        Column("number", _("发票号码"), "code", beneath="code"),
        Column("organization", _("单位"), is_optional=True),
        Column("color", _("类型"), "choice"),
        Column("original", _("红冲原票"), value="original.number", beneath="color"),
        Column("amount", _("价税合计"), "money", sort="amount"),
        Column("tax", _("其中税额"), "money", is_optional=True),
        Column("requested_at", _("申请时间"), "time", sort="requested_at"),
        Column("issued_at", _("开票时间"), "time"),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("还没有发票"), _("付款并使用后，可在此按已付金额申请开票。"), icon="receipt"),
)

# What an invoice's own page says of it.
FACTS = (
    Column("color", _("类型"), "choice"),
    Column("number", _("发票号码"), "code"),
    Column("original", _("红冲原票"), value="original.number"),
    Column("amount", _("价税合计"), "money"),
    Column("tax", _("其中税额"), "money"),
    Column("reddened", _("已红冲"), "money"),
    Column("buyer_name", _("购买方名称")),
    Column("buyer_tax_number", _("购买方税号"), "code"),
    Column("buyer_address", _("注册地址与电话")),
    Column("buyer_bank", _("开户行与账号")),
    Column("email", _("收票邮箱")),
    Column("requested_by", _("申请人")),
    Column("requested_at", _("申请时间"), "time"),
    Column("issued_at", _("开票时间"), "time"),
    Column("refusal", _("原因")),
)
