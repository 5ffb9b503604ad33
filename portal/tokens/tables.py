"""The list of a person's keys."""

from django.utils.translation import gettext_lazy as _

from portal.shell.screens import Column, Empty, ListScreen, RowAction
from portal.tokens.models import ApiToken

STATES = {"active": _("可用"), "expired": _("已过期"), "revoked": _("已吊销")}
screen = ListScreen(
    "tokens",
    _("访问令牌"),
    lead=_("程序用令牌代表您在本单位内调用开放接口，只能做所选范围内的事。"),
    rows=lambda user: ApiToken.objects.visible_to(user).with_state().select_related("organization"),
    tabs="state",
    tab_words=STATES,
    columns=(
        Column("name", _("用途")),
        Column("organization", _("单位"), beneath="name"),
        Column("scopes", _("权限范围"), "codes"),
        Column("expires_at", _("到期时间"), "day", sort="expires_at"),
        Column("last_used_at", _("最近使用"), "time", sort="last_used_at"),
        Column("state", _("状态"), "status", words=STATES),
    ),
    row_actions=(
        RowAction(
            _("吊销"), "tokens:revoke", when=lambda token, user: token.state == "active", tone="danger"
        ),
    ),
    empty=Empty(_("还没有访问令牌"), _("在右侧创建第一个，用它通过接口查询与下单。"), icon="key"),
)
