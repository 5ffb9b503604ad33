"""The trading centre's doors and figures."""

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.bank import tables as bank
from marketplace.billing import desk as bills_desk
from marketplace.billing import refunds as bill_refunds
from marketplace.billing import review as bill_review
from marketplace.billing import tables as bills
from marketplace.budgets import tables as budgets
from marketplace.catalogue import tables as prices
from marketplace.catalogue.models import Plan
from marketplace.funding import review as credit_review
from marketplace.funding import tables as credit
from marketplace.funding.actions import CREDIT_APPROVAL
from marketplace.invoices import tables as invoices
from marketplace.orders import desk as orders_desk
from marketplace.orders import review
from marketplace.orders import tables as orders
from marketplace.orders.api import whole_orders
from marketplace.orders.models import Order
from marketplace.orders.panels import panels as panels
from marketplace.orders.placing import APPROVAL_KIND
from marketplace.orders.queries import CANCELLATION_STATES, cancellation, cancellations
from marketplace.orders.serializers import OrderDetailSerializer
from marketplace.payments import refunds as payment_refunds
from marketplace.payments import review as payment_review
from marketplace.payments import tables as receipts
from marketplace.payments.api import PaymentSerializer, whole_payments
from marketplace.payouts import review as payouts_review
from marketplace.payouts import tables as payouts
from marketplace.payouts.actions import ACCOUNT, BATCH
from marketplace.settlement import desk as settlement_desk
from marketplace.settlement import review as settlement_review
from marketplace.settlement import tables as statements
from marketplace.settlement.answers import RELEASE
from marketplace.settlement.api import StatementSerializer, whole_statements
from marketplace.settlement.corrections import ADJUSTMENT, TERMS
from marketplace.settlement.models import Statement
from marketplace.storefront.api import OfferSerializer, whole_plans
from portal.accounts.permissions import can
from portal.shell.entries import Expandable, Figure, Gauge, Hit, LongWork, Navigation, ToDo
from portal.shell.names import named

navigation = [
    Navigation(gettext_lazy("算力市场"), "storefront:list", order=10, icon="market"),
    Navigation(
        gettext_lazy("订单"),
        "orders:list",
        section="enterprise",
        order=10,
        icon="list",
        action="orders.view",
    ),
    Navigation(
        gettext_lazy("账户余额"),
        "funding:wallet",
        section="enterprise",
        order=20,
        icon="wallet",
        action="wallet.view",
    ),
    Navigation(
        gettext_lazy("支付记录"),
        "payments:list",
        section="enterprise",
        order=25,
        icon="receipt",
        action="payments.view",
    ),
    Navigation(
        gettext_lazy("账单"),
        "billing:list",
        section="enterprise",
        order=30,
        icon="receipt",
        action="bills.view",
    ),
    Navigation(
        gettext_lazy("成本分析"),
        "costs:page",
        section="enterprise",
        order=35,
        icon="chart",
        action="bills.view",
    ),
    Navigation(
        gettext_lazy("预算"),
        "budgets:list",
        section="enterprise",
        order=40,
        icon="gauge",
        action="projects.view",
    ),
    Navigation(
        gettext_lazy("发票"),
        "invoices:list",
        section="enterprise",
        order=36,
        icon="receipt",
        action="invoices.view",
    ),
    Navigation(
        gettext_lazy("商品与价格"),
        "catalogue:list",
        section="provider",
        order=15,
        icon="market",
        action="prices.view",
    ),
    Navigation(
        gettext_lazy("结算单"),
        "settlement:list",
        section="platform",
        order=20,
        icon="statement",
        action="statements.view",
    ),
    Navigation(
        gettext_lazy("到账登记"),
        "payments:receipts",
        section="platform",
        order=30,
        icon="bank",
        action="receipts.view",
    ),
    Navigation(
        gettext_lazy("退款"),
        "payments:refunds",
        section="platform",
        order=33,
        icon="receipt",
        action="refunds.manage",
    ),
    Navigation(
        gettext_lazy("银行对账"),
        "bank:list",
        section="platform",
        order=35,
        icon="bank",
        action="receipts.view",
    ),
    Navigation(
        gettext_lazy("付款"),
        "payouts:list",
        section="platform",
        order=25,
        icon="bank",
        action="payouts.view",
    ),
    Navigation(
        gettext_lazy("收款账户"),
        "payouts:accounts",
        section="platform",
        order=26,
        icon="bank",
        action="statements.view",
    ),
    Navigation(
        gettext_lazy("调账"),
        "settlement:adjustments",
        section="platform",
        order=28,
        icon="edit",
        action="payouts.view",
    ),
    Navigation(
        gettext_lazy("企业授信"),
        "funding:credit",
        section="platform",
        order=38,
        icon="wallet",
        action="credit.view",
    ),
    Navigation(
        gettext_lazy("支付机构对账"),
        "payments:differences",
        section="platform",
        order=36,
        icon="bank",
        action="receipts.view",
    ),
    Navigation(
        gettext_lazy("账单退费"),
        "billing:refunds",
        section="platform",
        order=38,
        icon="receipt",
        action="refunds.manage",
    ),
    Navigation(
        gettext_lazy("账簿核对"),
        "settlement:books",
        section="platform",
        order=40,
        icon="book",
        action="books.view",
    ),
]


def shelf():
    """How many offers there are."""
    count = Plan.objects.on_shelf().priced(timezone.now()).count()
    return [Figure(_("在售商品"), f"{count:,}", _("个"), url=reverse("storefront:list"))]


figures = [shelf]
desk_figures = [
    orders_desk.buyer_figures,
    bills_desk.bill_figures,
    settlement_desk.seller_figures,
    settlement_desk.finance_figures,
]
desk_piles = [orders_desk.recent_orders]
first_steps = [orders_desk.first_steps]
screens = [
    orders.screen,
    bills.screen,
    bills.monthly,
    bills.refunds,
    budgets.screen,
    budgets.marks,
    statements.screen,
    statements.runs,
    statements.terms,
    statements.adjustments,
    payouts.batches,
    payouts.PAYOUTS,
    payouts.accounts,
    receipts.screen,
    receipts.payments,
    receipts.refunds,
    receipts.differences,
    bank.screen,
    credit.screen,
    prices.screen,
    invoices.screen,
]
reviews = {
    APPROVAL_KIND: review.parts,
    bill_refunds.APPROVAL_KIND: bill_review.parts,
    payment_refunds.APPROVAL_KIND: payment_review.refund_parts,
    CREDIT_APPROVAL: credit_review.parts,
    ADJUSTMENT: settlement_review.adjustment_parts,
    TERMS: settlement_review.terms_parts,
    RELEASE: settlement_review.release_parts,
    BATCH: payouts_review.batch_parts,
    ACCOUNT: payouts_review.account_parts,
}


def open_orders():
    """How many orders are open, by what they wait for."""
    counts = dict(Order.objects.open().values_list("status").annotate(Count("id")).order_by())
    values = {(status,): float(counts.get(status, 0)) for status in Order.OPEN}
    yield Gauge("portal_open_orders", "Orders not over yet", ("status",), values)


gauges = [open_orders]


def found_orders(user, words, limit):
    """The orders I may see, by the beginning of their number or a part of their name."""
    if not can(user, "orders.view"):
        return []
    rows = Order.objects.visible_to(user).filter(Q(code__istartswith=words) | Q(name__icontains=words))
    return [
        Hit(order.name or order.code, order.get_absolute_url(), _("订单"), order.code)
        for order in rows.order_by("-id")[:limit]
    ]


def found_plans(user, words, limit):
    """What is on the shelf, by accelerator or provider."""
    rows = Plan.objects.on_shelf().select_related("accelerator", "provider")
    wish = Q(code__istartswith=words)
    for field in ("accelerator__name", "provider__name", "provider__name_en"):
        wish |= Q(**{f"{field}__icontains": words})
    return [
        Hit(
            named(plan.accelerator),
            plan.get_absolute_url(),
            _("商品"),
            named(plan.provider),
        )
        for plan in rows.filter(wish).order_by("code")[:limit]
    ]


def found_statements(user, words, limit):
    """The statements I may see, by number or party."""
    if not can(user, "statements.view"):
        return []
    rows = Statement.objects.visible_to(user).filter(Q(code__istartswith=words) | Q(title__icontains=words))
    return [
        Hit(row.title, row.get_absolute_url(), _("结算单"), row.code) for row in rows.order_by("-id")[:limit]
    ]


expandables = {
    "plans": Expandable(None, OfferSerializer, whole_plans),
    "orders": Expandable("orders:read", OrderDetailSerializer, whole_orders),
    "payments": Expandable("wallet:read", PaymentSerializer, whole_payments),
    "statements": Expandable("settlement:read", StatementSerializer, whole_statements),
}
long_works = [
    LongWork(cancellations, "cancel_requested_at", CANCELLATION_STATES, cancellation),
]
todos = [
    ToDo(
        gettext_lazy("结算单"),
        awaiting=lambda user: Statement.objects.awaiting(user),
        submitted=lambda user: Statement.objects.none(),
        task=settlement_desk.answering,
        url_name="settlement:list",
    ),
]
searchers = [found_orders, found_plans, found_statements]
