"""The list of resets, and the form for another."""

from django.utils.translation import gettext_lazy as _

from portal.recovery.models import FactorReset
from portal.shell.issuing import Issuing
from portal.shell.screens import Column, Empty, ListScreen, RowAction


def _may_decide(reset, user) -> bool:
    is_open = reset.status == FactorReset.Status.PENDING
    return is_open and user.id not in (reset.proposed_by_id, reset.user_id)


resets = Issuing(
    ListScreen(
        "factor-resets",
        _("第二因素重置"),
        lead=_(
            "验证器、通行密钥与恢复码全部丢失时：一位管理员当面核验身份并提出，另一位管理员核准，本人凭密码登录后重新设置。"
        ),
        rows=lambda user: FactorReset.objects.all(),
        action="factors.reset",
        tabs="status",
        columns=(
            Column("user.username", _("用户名"), "code"),
            Column("proof", _("身份核验经过")),
            Column("proposed_by", _("提出人")),
            Column("proposed_at", _("提出时间"), "time", beneath="proposed_by"),
            Column("decided_by", _("核准人")),
            Column("decided_at", _("核准时间"), "time", beneath="decided_by"),
            Column("status", _("状态"), "status"),
        ),
        row_actions=(
            RowAction(_("核准"), "recovery:confirm", when=_may_decide),
            RowAction(_("驳回"), "recovery:refuse", when=_may_decide, tone="danger"),
        ),
        empty=Empty(_("没有重置申请"), _("有人丢失全部第二因素时，核验身份后在右侧提出。"), icon="shield"),
    ),
    "recovery:list",
    _("提出重置"),
    _("提出"),
)
