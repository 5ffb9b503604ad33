"""The list of what was told."""

from django.utils.translation import gettext_lazy as _

from portal.incidents.models import STATES, Incident
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class IncidentFilters(Filters):
    words = ("^code", "title", "title_en")
    hint = _("编号或标题")
    since, until = days("starts_at", _("开始日期起"), _("开始日期止"))


screen = ListScreen(
    "incidents",
    _("故障与维护"),
    lead=_("发布后立即显示在服务状态页；进行期间，每个页面顶部都有提示。"),
    rows=lambda user: Incident.objects.all(),
    action="incidents.manage",
    filters=IncidentFilters,
    tabs="kind",
    order="-starts_at",
    columns=(
        Column("name", _("标题"), value="__str__", url="get_absolute_url"),
        Column("code", _("编号"), "code", beneath="name"),
        Column("kind", _("类型"), "status"),
        Column("parts_in_words", _("涉及部分"), "lines"),
        Column("starts_at", _("开始时间"), "time", sort="starts_at"),
        Column("ends_at", _("预计结束"), "time", beneath="starts_at"),
        Column("closed_at", _("结束时间"), "time"),
        Column("posted_by", _("发布人"), is_optional=True),
        Column("state", _("状态"), "status", words=STATES),
    ),
    empty=Empty(_("没有发布过故障或维护"), _("需要告知用户时，点击“发布”。"), icon="check"),
)
