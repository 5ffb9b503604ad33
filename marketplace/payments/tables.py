"""The list of bank receipts."""

from django.utils.translation import gettext_lazy as _

from marketplace.payments.models import BankReceipt
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class ReceiptFilters(Filters):
    words = ("^bank_reference", "organization__name", "^code")
    hint = _("企业名称或银行流水号")
    since, until = days("recorded_at", _("登记日期起"), _("登记日期止"))


def rows(user):
    return BankReceipt.objects.visible_to(user).select_related("organization", "recorded_by")


screen = ListScreen(
    "receipts",
    _("到账登记"),
    lead=_("按银行流水为企业预存款入账；同一流水号只能入账一次。"),
    rows=rows,
    action="receipts.view",
    scope="settlement:read",
    filters=ReceiptFilters,
    columns=(
        Column("organization", _("企业")),
        Column("code", _("到账编号"), "code", beneath="organization"),
        Column("amount", _("到账金额"), "money", sort="amount", total="amount"),
        Column("bank_reference", _("银行流水号"), "code"),
        Column("received_on", _("到账日期"), "day", sort="received_on"),
        Column("recorded_by", _("登记人")),
        Column("recorded_at", _("登记时间"), "time", beneath="recorded_by"),
    ),
    empty=Empty(_("还没有到账记录"), _("收到企业转账后在此登记，企业余额立即增加。"), icon="bank"),
)
