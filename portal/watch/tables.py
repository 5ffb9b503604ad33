"""The list of alarms."""

from django.utils.translation import gettext_lazy as _

from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen
from portal.watch.models import Alarm


class AlarmFilters(Filters):
    words = ("^code", "about")
    hint = _("告警编号或对象")
    since, until = days("raised_at", _("日期起"), _("日期止"))


screen = ListScreen(
    "alarms",
    _("安全告警"),
    lead=_("系统每分钟核对登录、拒绝访问与岗位变动；同一情形只告警一次，经过见审计记录。"),
    rows=lambda user: Alarm.objects.all(),
    action="alarms.view",
    filters=AlarmFilters,
    tabs="rule",
    columns=(
        Column("raised_at", _("时间"), "time", sort="raised_at"),
        Column("code", _("告警编号"), "code", beneath="raised_at"),
        Column("rule", _("规则"), "choice"),
        Column("about", _("对象"), "code"),
        Column("details", _("所见"), template="watch/_seen.html"),
    ),
    empty=Empty(
        _("没有告警"), _("登录、访问与岗位变动一切如常；有异常时会在这里出现并通知您。"), icon="shield"
    ),
)
