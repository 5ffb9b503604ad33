"""The list of a person's keys, and of the programs that fetch their own."""

from django.utils.translation import gettext_lazy as _

from portal.shell.issuing import Issuing
from portal.shell.screens import Column, Empty, ListScreen, RowAction
from portal.tokens.models import ApiToken, Application

STATES = {
    "active": _("可用"),
    "role_ended": _("角色已收回"),
    "expired": _("已过期"),
    "revoked": _("已吊销"),
}
CONNECTED = {"active": _("可用"), "role_ended": _("接入人已离任"), "revoked": _("已停用")}
OPEN = ("active", "role_ended")
screen = ListScreen(
    "tokens",
    _("访问令牌"),
    lead=_("程序用令牌代表您在本单位内调用开放接口，只能做所选范围内的事。"),
    rows=lambda user: ApiToken.objects.visible_to(user).with_state(),
    tabs="state",
    tab_words=STATES,
    columns=(
        Column("name", _("用途")),
        Column("kind", _("类型"), "status", beneath="name"),
        Column("hint", _("令牌开头"), "code", beneath="name"),
        Column("organization", _("单位"), beneath="name"),
        Column("scopes", _("权限范围"), "codes"),
        Column("networks", _("允许来源"), "codes", beneath="scopes"),
        Column("expires_at", _("到期时间"), "day", sort="expires_at"),
        Column("last_used_at", _("最近使用"), "time", sort="last_used_at"),
        Column("old_until", _("旧密钥可用至"), "time", beneath="state"),
        Column("state", _("状态"), "status", words=STATES),
    ),
    row_actions=(
        RowAction(_("更换密钥"), "tokens:rotate_token", when=lambda token, user: token.state == "active"),
        RowAction(
            _("允许来源"),
            "tokens:token_networks",
            when=lambda token, user: token.state in OPEN,
            is_page=True,
        ),
        RowAction(_("吊销"), "tokens:revoke", when=lambda token, user: token.state in OPEN, tone="danger"),
    ),
    empty=Empty(_("还没有访问令牌"), _("在右侧创建第一个，用它通过接口查询与下单。"), icon="key"),
)
tokens = Issuing(screen, "tokens:list", _("新建令牌"), _("创建"), "tokens/tokens.html")
applications = Issuing(
    ListScreen(
        "applications",
        _("应用接入"),
        lead=_("程序用应用编号和密钥换取一小时有效的令牌（OAuth 2.0 客户端凭证），只代表本单位。"),
        rows=lambda user: Application.objects.visible_to(user).with_state().select_related("client"),
        action="applications.manage",
        columns=(
            Column("name", _("应用名称")),
            Column("client_id", "client_id", "code", beneath="name"),
            Column("organization", _("单位"), beneath="name"),
            Column("scopes", _("权限范围"), "codes"),
            Column("networks", _("允许来源"), "codes", beneath="scopes"),
            Column("created_by", _("接入人"), beneath="name"),
            Column("created_at", _("接入时间"), "day", beneath="name"),
            Column("last_used_at", _("最近使用"), "time", sort="last_used_at"),
            Column("state", _("状态"), "status", words=CONNECTED),
        ),
        row_actions=(
            RowAction(_("更换密钥"), "tokens:rotate", when=lambda row, user: row.state == "active"),
            RowAction(
                _("允许来源"), "tokens:networks", when=lambda row, user: row.state in OPEN, is_page=True
            ),
            RowAction(
                _("停用"), "tokens:disconnect", when=lambda row, user: row.state in OPEN, tone="danger"
            ),
        ),
        empty=Empty(_("还没有接入的应用"), _("在右侧登记第一个，程序即可自行换取令牌。"), icon="link"),
    ),
    "tokens:applications",
    _("接入新应用"),
    _("接入"),
    "tokens/applications.html",
)
