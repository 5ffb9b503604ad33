"""The list of firms that prove who they are."""

from django.utils.translation import gettext_lazy as _

from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen
from portal.verification.models import Verification


class VerificationFilters(Filters):
    words = ("^code", "organization__name", "^organization__credit_code")
    hint = _("申请单号、单位名称或信用代码")
    since, until = days("submitted_at", _("提交日期起"), _("提交日期止"))


screen = ListScreen(
    "verifications",
    _("企业认证审核"),
    rows=lambda user: Verification.objects.visible_to(user),
    action="verifications.review",
    filters=VerificationFilters,
    tabs="status",
    columns=(
        Column("organization", _("单位"), url="get_absolute_url"),
        Column("code", _("申请单号"), "code", beneath="organization"),
        Column("organization.credit_code", _("统一社会信用代码")),
        Column("submitted_at", _("提交时间"), "time", sort="submitted_at"),
        Column("submitted_by", _("申请人"), beneath="submitted_at"),
        Column("decided_by", _("审核人")),
        Column("decided_at", _("审核时间"), "time", beneath="decided_by"),
        Column("reason", _("审核意见"), is_optional=True),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("没有认证申请"), _("企业提交营业执照后会出现在这里。"), icon="building"),
)
