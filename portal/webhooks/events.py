"""What may be told to other systems: a closed list out of the record, and the facts of each that leave the house."""

import json
from datetime import UTC

from django.utils.translation import gettext_lazy as _

from portal.shell.money import to_yuan

EVENTS = {
    "order.placed": _("订单：已下单"),
    "order.confirmed": _("订单：审批通过"),
    "order.started": _("订单：开始运行"),
    "order.billed": _("订单：已结算"),
    "order.refunded": _("订单：全额退回"),
    "order.cancelled": _("订单：已取消"),
    "order.rejected": _("订单：审批未通过"),
    "order.expired": _("订单：审批超时"),
    "bill.posted": _("账单：一次用量已计费"),
    "bill.issued": _("账单：月度账单已出"),
    "bill.paid": _("账单：已结清"),
    "bill.reminded": _("账单：已逾期"),
    "bill.stopped": _("账单：逾期，停止下单"),
    "bill.suspended": _("账单：逾期，停止服务"),
    "bill.released": _("账单：逾期，释放保留的资源"),
    "project.budget_reached": _("预算：到达阈值"),
    "voucher.issued": _("算力券：已发放"),
    "voucher.expired": _("算力券：已到期"),
    "statement.closed": _("结算单：已生成"),
    "statement.confirmed": _("结算单：已确认"),
    "statement.disputed": _("结算单：有异议"),
    "statement.resolved": _("结算单：异议已答复"),
    "approval.requested": _("审批：已提交"),
    "approval.approved": _("审批：已同意"),
    "approval.rejected": _("审批：已驳回"),
}
TEST = "webhook.test"
# Whole fen in the record, yuan with two places outside; everything else of an event stays in the house.
AMOUNTS = (
    "amount",
    "vouchers",
    "billed",
    "refunded",
    "gross",
    "net",
    "returned",
    "due",
    "paid",
    "spent",
    "budget",
)
CODES = ("plan", "order", "programme", "party", "about")


def body_of(event) -> str:
    """An event of the record as other systems read it."""
    data = {"code": event.subject_code, "organization": event.organization.code}
    data |= {name: event.details[name] for name in CODES if event.details.get(name)}
    data |= {
        name: str(to_yuan(event.details[name])) for name in AMOUNTS if event.details.get(name) is not None
    }
    return _written(event.name, event.happened_at, data)


def test_body(endpoint, at) -> str:
    """What a test sends: nothing happened, and it says so."""
    return _written(TEST, at, {"code": endpoint.code, "organization": endpoint.organization.code})


def _written(name, at, data) -> str:
    body = {"type": name, "timestamp": at.astimezone(UTC).isoformat(), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
