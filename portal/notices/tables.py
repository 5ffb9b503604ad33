"""The inbox as a list."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from portal.notices.models import Notice
from portal.shell.filters import Filters, days
from portal.shell.screens import BulkAction, Column, Empty, ListScreen


class NoticeFilters(Filters):
    kind = filters.ChoiceFilter(label=_("类型"), choices=Notice.Kind, empty_label=_("全部"))
    since, until = days("created_at", _("日期起"), _("日期止"))


STATES = {"unread": _("未读"), "read": _("已读")}
screen = ListScreen(
    "notices",
    _("通知"),
    rows=lambda user: Notice.objects.visible_to(user).with_state(),
    filters=NoticeFilters,
    tabs="state",
    tab_words=STATES,
    columns=(
        Column("title", _("内容"), template="notices/_title.html"),
        Column("kind", _("类型"), "choice"),
        Column("created_at", _("时间"), "time", sort="created_at"),
        Column("read_at", _("阅读时间"), "time", is_optional=True),
    ),
    bulk_actions=(BulkAction(_("标为已读"), "notices:read_many"),),
    empty=Empty(_("还没有通知"), _("订单、审批、算力券与结算有变化时，会在这里告诉您。"), icon="bell"),
)
