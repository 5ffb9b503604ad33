"""The list of what programs asked."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from portal.developers.models import ApiCall
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class CallFilters(Filters):
    words = ("^request_id", "^key", "key_name", "route")
    hint = _("请求编号、令牌或地址")
    method = filters.ChoiceFilter(
        label=_("方法"), choices=[(one, one) for one in METHODS], empty_label=_("全部")
    )
    is_replayed = filters.ChoiceFilter(
        label=_("重复请求"), choices=[("1", _("是")), ("0", _("否"))], empty_label=_("全部")
    )
    since, until = days("at", _("日期起"), _("日期止"))


OUTCOMES = {"succeeded": _("成功"), "rejected": _("被拒绝"), "failed": _("出错")}
screen = ListScreen(
    "api-requests",
    _("请求日志"),
    lead=_("程序用令牌发出的每个请求，几秒内出现，保留 30 天。报障时提供请求编号。"),
    rows=lambda user: ApiCall.objects.visible_to(user).with_outcome(),
    action="members.view",
    filters=CallFilters,
    tabs="outcome",
    tab_words=OUTCOMES,
    columns=(
        Column("asked", _("请求"), value="__str__"),
        Column("request_id", _("请求编号"), "code", beneath="asked"),
        Column("at", _("时间"), "moment", sort="at"),
        Column("status", _("状态码"), sort="status"),
        Column("milliseconds", _("毫秒"), "number", sort="milliseconds"),
        Column("key_name", _("令牌")),
        Column("key", _("令牌编号"), "code", beneath="key_name"),
        Column("user", _("使用人"), is_optional=True),
        Column("organization", _("单位"), is_optional=True),
        Column("address", _("来源地址"), "code", is_optional=True),
        Column("outcome", _("结果"), "status", words=OUTCOMES),
        Column("replay", _("重复请求"), beneath="outcome"),
    ),
    empty=Empty(
        _("还没有请求"),
        _("程序带着令牌发出第一个请求后，几秒内出现在这里。"),
        "/developers/",
        _("去开发者中心"),
        "list",
    ),
)

# What each key and program asked for today.
USAGE = (
    Column("name", _("令牌"), template="developers/_key.html"),
    Column("row.last_used_at", _("最近使用"), "time"),
    Column("row.expires_at", _("到期时间"), beneath="row.last_used_at", template="developers/_expiry.html"),
    Column("asked", _("今日请求"), "number"),
    Column("refused", _("未成功"), "number"),
    Column("remaining", _("本分钟剩余"), "figures"),
)
