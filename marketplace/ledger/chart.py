"""The chart of accounts, and which journals may move which of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Book(models.TextChoices):
    CNY = "CNY", _("人民币（分）")
    VOUCHER = "VOUCHER", _("算力券（分）")


DEBIT, CREDIT = 1, -1


class Kind(models.TextChoices):
    BANK = "bank", _("银行存款")
    SUSPENSE = "suspense", _("待查银行流水")
    BANK_RESULT = "bank_result", _("银行利息与手续费")
    PREPAID = "prepaid", _("客户预存款")
    PREPAID_HELD = "prepaid_held", _("客户冻结款")
    SUBSIDY_ACCRUED = "subsidy_accrued", _("应收补贴（未出账）")
    SUBSIDY_RECEIVABLE = "subsidy_receivable", _("应收补贴（已出账）")
    PROVIDER_ACCRUED = "provider_accrued", _("应付服务商（未出账）")
    PROVIDER_PAYABLE = "provider_payable", _("应付服务商（已出账）")
    COMMISSION = "commission", _("交易服务佣金")
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
    Kind.PREPAID: (Book.CNY, CREDIT, True),
    Kind.PREPAID_HELD: (Book.CNY, CREDIT, True),
    Kind.SUBSIDY_ACCRUED: (Book.CNY, DEBIT, False),
    Kind.SUBSIDY_RECEIVABLE: (Book.CNY, DEBIT, False),
    Kind.PROVIDER_ACCRUED: (Book.CNY, CREDIT, False),
    Kind.PROVIDER_PAYABLE: (Book.CNY, CREDIT, False),
    Kind.COMMISSION: (Book.CNY, CREDIT, False),
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
    REFUND = "refund", _("退款")
    ORDER_HELD = "order-held", _("下单冻结")
    ORDER_RELEASED = "order-released", _("订单退回")
    ORDER_BILLED = "order-billed", _("订单计费")
    STATEMENT = "statement", _("结算出账")
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
    Cause.REFUND: ({Kind.PREPAID}, {Kind.BANK}),
    Cause.ORDER_HELD: (
        {Kind.PREPAID, Kind.VOUCHER},
        {Kind.PREPAID_HELD, Kind.VOUCHER_FROZEN},
    ),
    Cause.ORDER_RELEASED: (
        {Kind.PREPAID_HELD, Kind.VOUCHER_FROZEN},
        {Kind.PREPAID, Kind.VOUCHER, Kind.POOL},
    ),
    Cause.ORDER_BILLED: (
        {Kind.PREPAID_HELD, Kind.VOUCHER_FROZEN, Kind.SUBSIDY_ACCRUED},
        {Kind.PROVIDER_ACCRUED, Kind.COMMISSION, Kind.VOUCHER_REDEEMED},
    ),
    Cause.STATEMENT: (
        {Kind.PROVIDER_ACCRUED, Kind.SUBSIDY_RECEIVABLE},
        {Kind.PROVIDER_PAYABLE, Kind.SUBSIDY_ACCRUED},
    ),
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
