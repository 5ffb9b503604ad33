"""What a program's key may be allowed to touch."""

from django.utils.translation import gettext_lazy as _

SCOPES = {
    "market:read": _("查看算力市场与价格"),
    "orders:read": _("查看订单、日志与账单"),
    "orders:write": _("下单与取消订单"),
    "approvals:write": _("审批"),
    "wallet:read": _("查看余额与算力券"),
    "wallet:write": _("发起充值与还款"),
    "subsidies:read": _("查看补贴项目与报表"),
    "subsidies:write": _("发放算力券"),
    "settlement:read": _("查看结算单"),
    "settlement:write": _("登记到账与月结"),
    "federation:read": _("查看集群与容量"),
    "audit:read": _("查看审计记录"),
    "webhooks:read": _("查看 Webhook 接收地址"),
    "webhooks:write": _("登记与删除 Webhook 接收地址"),
}
