"""The chart of accounts, and which journals may move which of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Book(models.TextChoices):
    CNY = "CNY", _("人民币（分）")
    VOUCHER = "VOUCHER", _("算力券（分）")
    CREDIT = "CREDIT", _("授信额度（分）")


DEBIT, CREDIT = 1, -1


class Kind(models.TextChoices):
    BANK = "bank", _("银行存款")
    SUSPENSE = "suspense", _("待查银行流水")
    BANK_RESULT = "bank_result", _("银行利息与手续费")
    PSP = "psp", _("支付机构待清算款")
    PSP_FEE = "psp_fee", _("支付手续费")
    PAID = "paid", _("订单已付款")
    REFUND_DUE = "refund_due", _("待退款")
    RECEIVABLE = "receivable", _("应收客户款")
    PREPAID = "prepaid", _("客户预存款")
    PREPAID_HELD = "prepaid_held", _("客户冻结款")
    SUBSIDY_ACCRUED = "subsidy_accrued", _("应收补贴（未出账）")
    SUBSIDY_RECEIVABLE = "subsidy_receivable", _("应收补贴（已出账）")
    PROVIDER_ACCRUED = "provider_accrued", _("应付服务商（未出账）")
    PROVIDER_PAYABLE = "provider_payable", _("应付服务商（已出账）")
    PROVIDER_RETENTION = "provider_retention", _("服务商质保金")
    PAYOUT = "payout", _("付款在途")
    TAX_PAYABLE = "tax_payable", _("应交税费")
    PENALTY = "penalty", _("服务质量扣款")
    COMMISSION = "commission", _("交易服务佣金")
    ADJUSTMENT = "adjustment", _("调账")
    CREDIT_GRANTED = "credit_granted", _("授信总额")
    CREDIT_FREE = "credit_free", _("可用授信")
    CREDIT_HELD = "credit_held", _("冻结授信")
    CREDIT_USED = "credit_used", _("已用授信")
    APPROPRIATION = "appropriation", _("财政安排")
    POOL = "pool", _("券池余额")
    VOUCHER = "voucher", _("可用券")
    VOUCHER_FROZEN = "voucher_frozen", _("冻结券")
    VOUCHER_REDEEMED = "voucher_redeemed", _("已核销券")


# kind → (book, side on which it normally grows, may it never fall below zero)
CHART = {
    Kind.BANK: (Book.CNY, DEBIT, False),
    Kind.SUSPENSE: (Book.CNY, CREDIT, False),
    Kind.BANK_RESULT: (Book.CNY, CREDIT, False),
    Kind.PSP: (Book.CNY, DEBIT, False),
    Kind.PSP_FEE: (Book.CNY, DEBIT, False),
    Kind.PAID: (Book.CNY, CREDIT, True),
    Kind.REFUND_DUE: (Book.CNY, CREDIT, True),
    Kind.RECEIVABLE: (Book.CNY, DEBIT, True),
    Kind.PREPAID: (Book.CNY, CREDIT, True),
    Kind.PREPAID_HELD: (Book.CNY, CREDIT, True),
    Kind.SUBSIDY_ACCRUED: (Book.CNY, DEBIT, False),
    Kind.SUBSIDY_RECEIVABLE: (Book.CNY, DEBIT, False),
    Kind.PROVIDER_ACCRUED: (Book.CNY, CREDIT, False),
    Kind.PROVIDER_PAYABLE: (Book.CNY, CREDIT, False),
    Kind.PROVIDER_RETENTION: (Book.CNY, CREDIT, True),
    Kind.PAYOUT: (Book.CNY, CREDIT, True),
    Kind.TAX_PAYABLE: (Book.CNY, CREDIT, False),
    Kind.PENALTY: (Book.CNY, CREDIT, False),
    Kind.COMMISSION: (Book.CNY, CREDIT, False),
    Kind.ADJUSTMENT: (Book.CNY, DEBIT, False),
    Kind.CREDIT_GRANTED: (Book.CREDIT, DEBIT, False),
    Kind.CREDIT_FREE: (Book.CREDIT, CREDIT, True),
    Kind.CREDIT_HELD: (Book.CREDIT, CREDIT, True),
    Kind.CREDIT_USED: (Book.CREDIT, CREDIT, True),
    Kind.APPROPRIATION: (Book.VOUCHER, DEBIT, False),
    Kind.POOL: (Book.VOUCHER, CREDIT, True),
    Kind.VOUCHER: (Book.VOUCHER, CREDIT, True),
    Kind.VOUCHER_FROZEN: (Book.VOUCHER, CREDIT, True),
    Kind.VOUCHER_REDEEMED: (Book.VOUCHER, CREDIT, False),
}


class Cause(models.TextChoices):
    """Why money moves: every journal names one."""

    BANK_LINE = "bank-line", _("银行流水")
    BANK_RECEIPT = "bank-receipt", _("银行到账")
    BANK_EXPLAINED = "bank-explained", _("银行收支说明")
    ONLINE_PAYMENT = "online-payment", _("在线支付到账")
    PSP_FEES = "psp-fees", _("支付手续费")
    PSP_PAYOUT = "psp-payout", _("支付机构结转")
    ORDER_PAID = "order-paid", _("订单付款到账")
    REFUND = "refund", _("退款")
    CREDIT_LINE = "credit-line", _("授信调整")
    BILL_PAID = "bill-paid", _("账单还款")
    ORDER_HELD = "order-held", _("下单冻结")
    ORDER_RELEASED = "order-released", _("订单退回")
    ORDER_BILLED = "order-billed", _("订单计费")
    BILL_REFUNDED = "bill-refunded", _("账单退费")
    LATE_USAGE = "late-usage", _("补计用量")
    ADJUSTED = "adjusted", _("调账")
    STATEMENT = "statement", _("结算出账")
    RETENTION_RELEASED = "retention-released", _("质保金退还")
    PAYOUT = "payout", _("向服务商付款")
    REFUND_PAYOUT = "refund-payout", _("退款汇出")
    SUBSIDY_RECEIVED = "subsidy-received", _("财政补贴到账")
    PROGRAMME = "programme", _("财政安排入池")
    VOUCHER_ISSUED = "voucher-issued", _("发券")
    VOUCHER_EXPIRED = "voucher-expired", _("券到期收回")
    REVERSAL = "reversal", _("冲正")


# cause → (what it may debit, what it may credit). A balanced journal on the wrong accounts is refused, too;
# a reversal must mirror the legs it reverses instead.
ROUTES = {
    Cause.BANK_LINE: ({Kind.BANK, Kind.SUSPENSE}, {Kind.BANK, Kind.SUSPENSE}),
    Cause.BANK_RECEIPT: ({Kind.BANK, Kind.SUSPENSE}, {Kind.PREPAID}),
    Cause.BANK_EXPLAINED: ({Kind.SUSPENSE, Kind.BANK_RESULT}, {Kind.SUSPENSE, Kind.BANK_RESULT}),
    Cause.ONLINE_PAYMENT: ({Kind.PSP}, {Kind.PREPAID}),
    Cause.PSP_FEES: ({Kind.PSP_FEE, Kind.PSP}, {Kind.PSP_FEE, Kind.PSP}),
    Cause.PSP_PAYOUT: ({Kind.SUSPENSE}, {Kind.PSP}),
    Cause.ORDER_PAID: ({Kind.PSP, Kind.SUSPENSE}, {Kind.PAID, Kind.REFUND_DUE}),
    Cause.REFUND: ({Kind.PREPAID, Kind.REFUND_DUE}, {Kind.REFUND_DUE, Kind.PSP, Kind.PREPAID}),
    Cause.CREDIT_LINE: ({Kind.CREDIT_GRANTED, Kind.CREDIT_FREE}, {Kind.CREDIT_GRANTED, Kind.CREDIT_FREE}),
    Cause.BILL_PAID: ({Kind.PREPAID, Kind.CREDIT_USED}, {Kind.RECEIVABLE, Kind.CREDIT_FREE}),
    Cause.ORDER_HELD: (
        {Kind.PREPAID, Kind.VOUCHER, Kind.CREDIT_FREE},
        {Kind.PREPAID_HELD, Kind.VOUCHER_FROZEN, Kind.CREDIT_HELD},
    ),
    Cause.ORDER_RELEASED: (
        {Kind.PREPAID_HELD, Kind.VOUCHER_FROZEN, Kind.CREDIT_HELD, Kind.PAID},
        {Kind.PREPAID, Kind.VOUCHER, Kind.POOL, Kind.CREDIT_FREE, Kind.REFUND_DUE},
    ),
    Cause.ORDER_BILLED: (
        {
            Kind.PREPAID_HELD,
            Kind.VOUCHER_FROZEN,
            Kind.SUBSIDY_ACCRUED,
            Kind.CREDIT_HELD,
            Kind.RECEIVABLE,
            Kind.PAID,
        },
        {Kind.PROVIDER_ACCRUED, Kind.COMMISSION, Kind.VOUCHER_REDEEMED, Kind.CREDIT_USED},
    ),
    Cause.BILL_REFUNDED: (
        {Kind.PROVIDER_ACCRUED, Kind.COMMISSION, Kind.VOUCHER_REDEEMED, Kind.CREDIT_USED},
        {
            Kind.PREPAID,
            Kind.VOUCHER,
            Kind.POOL,
            Kind.SUBSIDY_ACCRUED,
            Kind.CREDIT_FREE,
            Kind.RECEIVABLE,
            Kind.REFUND_DUE,
        },
    ),
    Cause.LATE_USAGE: ({Kind.RECEIVABLE}, {Kind.PROVIDER_ACCRUED, Kind.COMMISSION}),
    Cause.ADJUSTED: (
        {Kind.ADJUSTMENT, Kind.PREPAID, Kind.PROVIDER_PAYABLE},
        {Kind.ADJUSTMENT, Kind.PREPAID, Kind.PROVIDER_PAYABLE},
    ),
    Cause.STATEMENT: (
        {Kind.PROVIDER_ACCRUED, Kind.PROVIDER_PAYABLE, Kind.SUBSIDY_RECEIVABLE, Kind.SUBSIDY_ACCRUED},
        {
            Kind.PROVIDER_ACCRUED,
            Kind.PROVIDER_PAYABLE,
            Kind.PROVIDER_RETENTION,
            Kind.TAX_PAYABLE,
            Kind.PENALTY,
            Kind.SUBSIDY_ACCRUED,
            Kind.SUBSIDY_RECEIVABLE,
        },
    ),
    Cause.RETENTION_RELEASED: ({Kind.PROVIDER_RETENTION}, {Kind.PROVIDER_PAYABLE}),
    Cause.PAYOUT: (
        {Kind.PROVIDER_PAYABLE, Kind.PAYOUT, Kind.SUSPENSE},
        {Kind.PAYOUT, Kind.PROVIDER_PAYABLE, Kind.SUSPENSE},
    ),
    Cause.REFUND_PAYOUT: (
        {Kind.REFUND_DUE, Kind.PAYOUT, Kind.SUSPENSE},
        {Kind.PAYOUT, Kind.REFUND_DUE, Kind.SUSPENSE},
    ),
    Cause.SUBSIDY_RECEIVED: ({Kind.SUSPENSE}, {Kind.SUBSIDY_RECEIVABLE}),
    Cause.PROGRAMME: ({Kind.APPROPRIATION}, {Kind.POOL}),
    Cause.VOUCHER_ISSUED: ({Kind.POOL}, {Kind.VOUCHER}),
    Cause.VOUCHER_EXPIRED: ({Kind.VOUCHER}, {Kind.POOL}),
}


def routes() -> list[tuple[str, str, int]]:
    """Every allowed leg: (cause, account kind, side)."""
    return sorted(
        (str(cause), str(kind), side)
        for cause, sides in ROUTES.items()
        for side, kinds in zip((DEBIT, CREDIT), sides)
        for kind in kinds
    )
