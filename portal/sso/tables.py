"""The list of the systems that use our door."""

from django.utils.translation import gettext_lazy as _

from portal.shell.issuing import Issuing
from portal.shell.screens import Column, Empty, ListScreen, RowAction
from portal.sso.models import CitySystem

STATES = {"active": _("可用"), "revoked": _("已停用")}
systems = Issuing(
    ListScreen(
        "city-systems",
        _("统一登录"),
        lead=_("市内其他系统用本平台账号登录（OpenID Connect 授权码）。只告知身份，不授予角色。"),
        rows=lambda user: CitySystem.objects.with_state(),
        action="city_systems.manage",
        columns=(
            Column("name", _("系统名称")),
            Column("client_id", "client_id", "code", beneath="name"),
            Column("client.get_redirect_uris", _("回调地址"), "codes"),
            Column("created_by", _("接入人"), beneath="name"),
            Column("created_at", _("接入时间"), "day", beneath="name"),
            Column("state", _("状态"), "status", words=STATES),
        ),
        row_actions=(
            RowAction(_("更换密钥"), "sso:rotate", when=lambda row, user: row.state == "active"),
            RowAction(
                _("停用"), "sso:disconnect", when=lambda row, user: row.state == "active", tone="danger"
            ),
        ),
        empty=Empty(_("还没有接入的系统"), _("在右侧登记第一个，其用户即可用本平台账号登录。"), icon="link"),
    ),
    "sso:list",
    _("接入新系统"),
    _("接入"),
    "sso/list.html",
)

# Which systems know who a person is.
CONSENTS = (
    Column("system", _("系统名称")),
    Column("scopes", _("权限范围"), "codes", beneath="system"),
    Column("given_at", _("授权时间"), "time"),
    Column("until", _("有效期至"), "day"),
    Column("deed", _("操作"), template="sso/_withdraw.html"),
)
