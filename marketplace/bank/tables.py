"""The list of bank lines."""

from django.utils.translation import gettext_lazy as _

from marketplace.bank.models import BankLine
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class BankLineFilters(Filters):
    words = ("^bank_reference", "counterparty", "remark", "^code")
    hint = _("流水号、对方户名或附言")
    since, until = days("booked_on", _("记账日期起"), _("记账日期止"))


screen = ListScreen(
    "bank-lines",
    _("银行对账"),
    lead=_(
        "导入网银对账单后，附言写明单位编号且户名一致的来款自动入账，其余逐笔处理；当日全部相符后日结锁定。"
    ),
    rows=lambda user: BankLine.objects.visible_to(user),
    action="receipts.view",
    scope="settlement:read",
    filters=BankLineFilters,
    tabs="status",
    columns=(
        Column("bank_reference", _("银行流水号"), "code", url="get_absolute_url"),
        Column("code", _("编号"), "code", beneath="bank_reference", is_optional=True),
        Column("booked_on", _("记账日期"), "day", sort="booked_on"),
        Column("amount", _("金额"), "money", sort="amount", total="amount"),
        Column("counterparty", _("对方户名")),
        Column("remark", _("附言"), beneath="counterparty"),
        Column("finding", _("差异"), "choice"),
        Column("payer", _("入账单位"), beneath="finding"),
        Column("payment.code", _("支付编号"), beneath="finding", is_optional=True),
        Column("explanation", _("说明"), beneath="finding"),
        Column("settled_by", _("处理人"), is_optional=True),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("还没有银行流水"), _("从网银导出 CSV 或 CAMT.053 对账单，在此上传。"), icon="bank"),
)

# What a line's own page says of it.
FACTS = (
    Column("booked_on", _("记账日期"), "day"),
    Column("amount", _("金额"), "money"),
    Column("counterparty", _("对方户名")),
    Column("counter_account", _("对方账号")),
    Column("remark", _("附言")),
    Column("finding", _("差异"), "choice"),
    Column("file.name", _("来自文件")),
    Column("payer", _("入账单位")),
    Column("payment.code", _("支付编号")),
    Column("receipt.code", _("到账编号")),
    Column("explanation", _("说明")),
    Column("settled_by", _("处理人")),
    Column("settled_at", _("处理时间"), "time"),
)
