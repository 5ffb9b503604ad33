"""Who listens, and the log of what was sent."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from portal.shell.filters import Filters, days
from portal.shell.issuing import Issuing
from portal.shell.screens import Column, Empty, ListScreen, RowAction
from portal.webhooks.events import EVENTS
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint


class DeliveryFilters(Filters):
    words = ("^code", "endpoint__url")
    hint = _("消息编号或接收地址")
    type = filters.ChoiceFilter(label=_("事件"), choices=list(EVENTS.items()), empty_label=_("全部"))
    since, until = days("created_at", _("日期起"), _("日期止"))


STATES = {"waiting": _("等待发送"), "delivered": _("已送达"), "failed": _("失败")}
LISTENING = {"active": _("正常"), "failed": _("投递失败，重试中"), "cancelled": _("已停用")}
screen = ListScreen(
    "webhook-deliveries",
    _("Webhook 投递记录"),
    lead=_("每条消息发往哪里、对方怎样回答。同一消息重发时编号不变，接收端据此去重。"),
    rows=lambda user: WebhookDelivery.objects.visible_to(user).with_state(),
    action="webhooks.manage",
    filters=DeliveryFilters,
    tabs="state",
    tab_words=STATES,
    columns=(
        Column("type", _("事件"), url="get_absolute_url"),
        Column("code", _("消息编号"), "code", beneath="type"),
        Column("endpoint.url", _("接收地址")),
        Column("created_at", _("时间"), "time", sort="created_at"),
        Column("tries", _("尝试次数"), "number"),
        Column("last_status", _("最近回答")),
        Column("due_at", _("下次尝试"), "time", is_optional=True),
        Column("state", _("状态"), "status", words=STATES),
    ),
    row_actions=(
        RowAction(_("重发"), "webhooks:resend", when=lambda delivery, user: delivery.state != "waiting"),
    ),
    empty=Empty(
        _("还没有投递记录"),
        _("登记接收地址后，所选事件发生时会出现在这里。"),
        "/webhooks/",
        _("去登记"),
        "link",
    ),
)
endpoints = Issuing(
    ListScreen(
        "webhooks",
        _("Webhook"),
        lead=_(
            "所选事件发生后几秒内，平台把一条签名消息（Standard Webhooks）发往您的系统；失败会重试到 24 小时以上。"
        ),
        rows=lambda user: WebhookEndpoint.objects.visible_to(user).standing().with_state(),
        action="webhooks.manage",
        columns=(
            Column("url", _("接收地址")),
            Column("created_by", _("接入人"), beneath="url"),
            Column("created_at", _("接入时间"), "day", beneath="url"),
            Column("events", _("事件"), "codes"),
            Column("state", _("状态"), "status", words=LISTENING),
            Column("disabled_reason", _("停用原因"), "choice", beneath="state"),
            Column("failing_since", _("失败始于"), "time", beneath="state"),
            Column("old_secret_until", _("旧密钥可用至"), "time", beneath="state"),
        ),
        row_actions=(
            RowAction(_("发送测试"), "webhooks:test", when=lambda row, user: row.disabled_at is None),
            RowAction(_("修改"), "webhooks:revise", is_page=True),
            RowAction(_("更换密钥"), "webhooks:rotate"),
            RowAction(_("停用"), "webhooks:switch", when=lambda row, user: row.disabled_at is None),
            RowAction(_("启用"), "webhooks:switch", when=lambda row, user: row.disabled_at is not None),
            RowAction(_("删除"), "webhooks:remove", tone="danger"),
        ),
        empty=Empty(
            _("还没有接收地址"), _("登记第一个，所选事件发生后平台会主动通知您的系统。"), icon="link"
        ),
    ),
    "webhooks:list",
    _("登记接收地址"),
    _("登记"),
    "webhooks/list.html",
)

# What each try of one message came to.
ATTEMPTS = (
    Column("at", _("时间"), "moment"),
    Column("status", _("回答"), nothing=_("没有回答")),
    Column("milliseconds", _("毫秒"), "number"),
    Column("answer", _("内容（前 1 KB）")),
)
