"""Who belongs to an organisation, who is asked to join, whose role is reviewed."""

from django.utils.translation import gettext_lazy as _

from portal.shell.columns import Column

_ROLE = Column("role", _("角色"), "choice")
_REST = (
    _ROLE,
    Column("until", _("有效期"), template="members/_until.html"),
    Column("user.last_login", _("最近登录"), "time"),
    Column("granted_by", _("授权人")),
)
MEMBERS = (Column("user", _("姓名")), *_REST)
MANAGED = (
    Column("user", _("姓名"), template="members/_person.html"),
    Column("user.email", _("电子邮箱"), beneath="user"),
    *_REST,
)
INVITATIONS = (
    Column("email", _("电子邮箱")),
    _ROLE,
    Column("expires_at", _("邀请有效期至"), "time"),
    Column("deed", _("操作"), template="members/_withdraw.html"),
)
ONBOARDED = (
    Column("name", _("名称"), template="members/_organization.html"),
    Column("code", _("单位编号"), beneath="name"),
    Column("kind", _("类型"), "choice"),
    Column("first", _("首位成员"), template="members/_first.html"),
    Column("created_at", _("建档时间"), "day"),
)
REVIEWED = (
    Column("user", _("姓名")),
    _ROLE,
    Column("last_login", _("最近登录"), "day"),
    Column("verdict", _("结论"), template="members/_verdict.html"),
)
