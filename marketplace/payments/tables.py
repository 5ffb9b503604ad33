"""The lists of payments and of bank receipts."""

from django.utils.translation import gettext_lazy as _

from marketplace.payments.models import BankReceipt, Difference, Payment, Refund
from portal.accounts.permissions import can
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen, RowAction


class ReceiptFilters(Filters):
    words = ("^bank_reference", "organization__name", "^code")
    hint = _("企业名称或银行流水号")
    since, until = days("recorded_at", _("登记日期起"), _("登记日期止"))


screen = ListScreen(
    "receipts",
    _("到账登记"),
    lead=_("按银行流水为企业预存款入账；同一流水号只能入账一次。"),
    rows=lambda user: BankReceipt.objects.visible_to(user),
    action="receipts.view",
    scope="settlement:read",
    filters=ReceiptFilters,
    columns=(
        Column("organization", _("企业")),
        Column("code", _("到账编号"), "code", beneath="organization"),
        Column("amount", _("到账金额"), "money", sort="amount", total="amount"),
        Column("bank_reference", _("银行流水号"), "code"),
        Column("received_on", _("到账日期"), "day", sort="received_on"),
        Column("recorded_by", _("登记人")),
        Column("recorded_at", _("登记时间"), "time", beneath="recorded_by"),
    ),
    empty=Empty(_("还没有到账记录"), _("收到企业转账后在此登记，企业余额立即增加。"), icon="bank"),
)


class PaymentFilters(Filters):
    words = ("^code", "organization__name", "^order_code", "^provider_id")
    hint = _("支付编号、企业名称或支付机构单号")
    since, until = days("created_at", _("提交日期起"), _("提交日期止"))


payments = ListScreen(
    "payments",
    _("支付记录"),
    lead=_("企业发起的每一笔充值与付款；到账与否以支付机构和银行为准。"),
    rows=lambda user: Payment.objects.visible_to(user),
    action="payments.view",
    scope="wallet:read",
    filters=PaymentFilters,
    tabs="status",
    columns=(
        Column("code", _("支付编号"), "code", url="get_absolute_url"),
        Column("organization", _("企业"), beneath="code"),
        Column("purpose", _("用途"), "choice"),
        Column("order_code", _("订单"), beneath="purpose", is_optional=True),
        Column("method", _("支付方式"), "choice"),
        Column("provider_id", _("支付机构单号"), beneath="method", is_optional=True),
        Column("amount", _("金额"), "money", sort="amount", total="amount"),
        Column("created_by", _("提交人"), is_optional=True),
        Column("created_at", _("提交时间"), "time", sort="created_at"),
        Column("paid_at", _("到账时间"), "time", sort="paid_at"),
        Column("status", _("状态"), "status"),
        Column("reason", _("说明"), "choice", beneath="status"),
    ),
    empty=Empty(_("还没有支付记录"), _("在“账户余额”页选择充值，付款结果会显示在这里。"), icon="wallet"),
)

# What a payment's own page says of it.
FACTS = (
    Column("organization", _("企业")),
    Column("purpose", _("用途"), "choice"),
    Column("order_code", _("订单")),
    Column("method", _("支付方式"), "choice"),
    Column("amount", _("金额"), "money"),
    Column("created_by", _("提交人")),
    Column("created_at", _("提交时间"), "time"),
    Column("pay_by", _("支付期限"), "time"),
    Column("paid_at", _("到账时间"), "time"),
    Column("provider_id", _("支付机构单号")),
    Column("reason", _("说明"), "choice"),
)


class RefundFilters(Filters):
    words = ("^code", "^payment__code", "^receipt__code", "organization__name", "^provider_id")
    hint = _("退款编号、支付编号、到账编号或企业名称")
    since, until = days("asked_at", _("提出日期起"), _("提出日期止"))


refunds = ListScreen(
    "refunds",
    _("退款"),
    lead=_("原路退回的款项：在线支付退回支付账户，对公转账随付款批次汇回原账户；提出与复核是两个人。"),
    rows=lambda user: Refund.objects.visible_to(user).select_related("payment", "receipt"),
    action="payments.view",
    scope="wallet:read",
    filters=RefundFilters,
    tabs="status",
    columns=(
        Column("code", _("退款编号"), "code", url="get_absolute_url"),
        Column("organization", _("企业"), beneath="code"),
        Column("origin.code", _("支付或到账编号"), "code"),
        Column("amount", _("金额"), "money", sort="amount", total="amount"),
        Column("reason", _("退款原因")),
        Column("asked_by", _("提出人"), is_optional=True),
        Column("agreed_by", _("复核人"), is_optional=True),
        Column("asked_at", _("提出时间"), "time", sort="asked_at"),
        Column("done_at", _("完成时间"), "time", sort="done_at"),
        Column("status", _("状态"), "status"),
        Column("failure", _("未成功原因"), beneath="status"),
        Column("paper", _("退款单"), template="payments/_refund_paper.html", is_on_paper=False),
    ),
    row_actions=(
        RowAction(
            _("重新发起"),
            "payments:refund_again",
            when=lambda refund, user: refund.is_stuck and can(user, "refunds.manage"),
        ),
    ),
    empty=Empty(
        _("还没有退款"), _("企业在账户余额页、平台财务在一笔在线支付的页面提出退款。"), icon="receipt"
    ),
)


class DifferenceFilters(Filters):
    words = ("^code", "^about")
    hint = _("编号、支付编号或支付机构流水号")
    since, until = days("found_at", _("发现日期起"), _("发现日期止"))


differences = ListScreen(
    "psp-differences",
    _("支付机构对账"),
    lead=_("每小时取回支付机构的流水与账面逐笔比对；不一致的列在这里，查明后写明原因。"),
    rows=lambda user: Difference.objects.visible_to(user),
    action="receipts.view",
    scope="settlement:read",
    filters=DifferenceFilters,
    tabs="status",
    columns=(
        Column("code", _("编号"), "code", url="get_absolute_url"),
        Column("kind", _("差异"), "choice"),
        Column("about", _("对象"), "code"),
        Column("ours", _("平台记为"), "money", sort="ours"),
        Column("theirs", _("支付机构记为"), "money", sort="theirs"),
        Column("found_at", _("发现时间"), "time", sort="found_at"),
        Column("settled_by", _("处理人"), is_optional=True),
        Column("status", _("状态"), "status"),
        Column("explanation", _("说明"), beneath="status"),
    ),
    empty=Empty(_("没有差异"), _("支付机构的流水与账面一致。"), icon="check"),
)

DIFFERENCE_FACTS = (
    Column("kind", _("差异"), "choice"),
    Column("about", _("对象")),
    Column("ours", _("平台记为"), "money"),
    Column("theirs", _("支付机构记为"), "money"),
    Column("found_at", _("发现时间"), "time"),
    Column("explanation", _("说明")),
    Column("settled_by", _("处理人")),
    Column("settled_at", _("处理时间"), "time"),
)
# What went back of one payment, on its own page.
REFUNDS = (
    Column("code", _("退款编号"), "code"),
    Column("amount", _("金额"), "money"),
    Column("reason", _("退款原因")),
    Column("status", _("状态"), "status"),
    Column("failure", _("失败原因"), beneath="status"),
)
