"""The list of credit lines."""

from django.utils.translation import gettext_lazy as _

from marketplace.funding.models import CreditLine
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class CreditFilters(Filters):
    words = ("organization__name", "^code", "^contract")
    hint = _("企业名称、授信编号或合同编号")
    since, until = days("proposed_at", _("提出日期起"), _("提出日期止"))


screen = ListScreen(
    "credit",
    _("企业授信"),
    lead=_("授信内先用后付，随月账单付款；由一人提出、另一人复核后生效。"),
    rows=lambda user: CreditLine.objects.visible_to(user),
    action="credit.view",
    scope="settlement:read",
    filters=CreditFilters,
    tabs="status",
    columns=(
        Column("organization", _("企业"), url="get_absolute_url"),
        Column("code", _("授信编号"), "code", beneath="organization"),
        Column("contract", _("合同编号"), "code"),
        Column("limit", _("授信额度"), "money", sort="limit"),
        Column("valid_until", _("有效期至"), "time", sort="valid_until"),
        Column("proposed_by", _("提出人")),
        Column("proposed_at", _("提出时间"), "time", beneath="proposed_by"),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("还没有企业授信"), _("签订合同后在此提出额度，另一位财务复核后生效。"), icon="wallet"),
)

# What a credit line's own page says of it.
FACTS = (
    Column("organization", _("企业")),
    Column("contract", _("合同编号")),
    Column("limit", _("授信额度"), "money"),
    Column("valid_until", _("有效期至"), "time"),
    Column("reason", _("理由")),
    Column("refusal", _("未通过的原因")),
    Column("proposed_by", _("提出人")),
    Column("proposed_at", _("提出时间"), "time"),
)
# What came into the prepaid balance and left it.
MOVES = (
    Column("at", _("时间"), "moment", value="journal.booked_at"),
    Column("cause", _("事项"), "choice", value="journal.kind"),
    Column("subject", _("单号"), "code", value="journal.subject"),
    Column("change", _("金额"), "money"),
)
