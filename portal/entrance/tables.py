"""The list of everybody with an account."""

from django.db.models import Case, Value, When
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.shell.filters import Filters, days
from portal.shell.names import named
from portal.shell.screens import Column, Empty, ListScreen

STATES = {"active": _("在用"), "disabled": _("已停用")}


class PeopleFilters(Filters):
    words = ("username", "name", "email")
    hint = _("用户名、姓名或邮箱")
    since, until = days("last_login", _("登录日期起"), _("登录日期止"))


def rows(user):
    state = Case(When(is_active=True, then=Value("active")), default=Value("disabled"))
    return User.objects.annotate(state=state).prefetch_related("memberships__organization")


def with_roles(people):
    """Each person with what they are, and where."""
    people = list(people)
    for person in people:
        person.roles = [f"{named(m.organization)} · {m.get_role_display()}" for m in person.memberships.all()]
    return people


screen = ListScreen(
    "people",
    _("人员账号"),
    lead=_("90 天未使用的账号会自动停用；停用立即结束其全部登录与令牌。"),
    rows=rows,
    key="username",
    action="people.manage",
    filters=PeopleFilters,
    tabs="state",
    tab_words=STATES,
    prepare=with_roles,
    columns=(
        Column("get_full_name", _("人员")),
        Column("username", _("用户名"), beneath="get_full_name"),
        Column("roles", _("单位与角色"), "lines"),
        Column("last_login", _("最近登录"), "time", sort="last_login"),
        Column("date_joined", _("加入时间"), "day", sort="date_joined", is_optional=True),
        Column("state", _("状态"), "status", words=STATES),
        Column("disabled_reason", _("停用原因"), beneath="state"),
        Column("deed", _("操作"), template="entrance/_deed.html", is_on_paper=False),
    ),
    empty=Empty(_("没有符合条件的账号"), _("换一个关键词，或清除状态条件。"), icon="people"),
)

# Where a person is signed in, and whom too many wrong tries have closed out.
STAYS = (
    Column("device", _("设备")),
    Column("address", _("地址")),
    Column("begun_at", _("登录时间"), "time"),
    Column("seen_at", _("最近活动"), "time"),
    Column("deed", _("操作"), template="entrance/_stay.html"),
)
LOCKS = (
    Column("username", _("账号")),
    Column("tries", _("失败次数"), "number"),
    Column("addresses", _("来源地址"), "lines"),
    Column("opens_at", _("自动解除时间"), "time"),
    Column("deed", _("操作"), template="entrance/_unlock.html"),
)
