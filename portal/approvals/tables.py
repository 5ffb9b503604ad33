"""The list of what was asked and answered."""

from django.utils.translation import gettext_lazy as _

from portal.approvals.models import Approval
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class ApprovalFilters(Filters):
    words = ("^code", "^subject_code", "requested_by__name")
    hint = _("审批单号、订单号或申请人")
    since, until = days("requested_at", _("提交日期起"), _("提交日期止"))


screen = ListScreen(
    "approvals",
    _("审批"),
    lead=_("自己提交的事项不能自己审批。"),
    rows=lambda user: Approval.objects.visible_to(user),
    action="approvals.view",
    scope="orders:read",
    filters=ApprovalFilters,
    tabs="status",
    columns=(
        Column("summary", _("事项"), url="get_absolute_url"),
        Column("code", _("审批单号"), "code", beneath="summary"),
        Column("organization", _("单位"), is_optional=True),
        Column("amount", _("金额"), "money", sort="amount", total="amount"),
        Column("requested_by", _("申请人")),
        Column("requested_at", _("提交时间"), "time", beneath="requested_by", sort="requested_at"),
        Column("decided_by", _("审批人")),
        Column("decided_at", _("审批时间"), "time", beneath="decided_by"),
        Column("reason", _("意见"), is_optional=True),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("没有审批事项"), _("订单金额达到项目的审批起点时，会出现在这里。"), icon="approve"),
)
