"""The trading centre's doors and figures."""

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.billing import tables as bills
from marketplace.catalogue.models import Plan
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders import review
from marketplace.orders import tables as orders
from marketplace.orders.actions import APPROVAL_KIND
from marketplace.orders.models import Order
from marketplace.orders.panels import panels as panels
from marketplace.payments import tables as receipts
from marketplace.settlement import tables as statements
from portal.accounts.permissions import can
from portal.shell.entries import Figure, Gauge, Navigation
from portal.shell.money import yuan

navigation = [
    Navigation(gettext_lazy("算力市场"), "storefront:list", order=10, icon="market"),
    Navigation(
        gettext_lazy("我的订单"),
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
        gettext_lazy("账单"),
        "billing:list",
        section="enterprise",
        order=30,
        icon="receipt",
        action="bills.view",
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


def my_orders(request):
    """What my firm has open, and what it can still spend."""
    found = []
    if can(request.user, "orders.view"):
        count = Order.objects.visible_to(request.user).open().count()
        found.append(
            Figure(_("进行中的订单"), f"{count:,}", _("单"), url=reverse("orders:list"), icon="list")
        )
    if request.organization and can(request.user, "wallet.view", request.organization):
        fen = balance(Kind.PREPAID, request.organization.code)
        found.append(Figure(_("可用余额"), yuan(fen), _("元"), url=reverse("funding:wallet"), icon="wallet"))
    return found


figures = [shelf]
desk_figures = [my_orders]
screens = [orders.screen, bills.screen, statements.screen, receipts.screen]
reviews = {APPROVAL_KIND: review.parts}


def open_orders():
    """How many orders are open, by what they wait for."""
    counts = dict(Order.objects.open().values_list("status").annotate(Count("id")).order_by())
    values = {(status,): float(counts.get(status, 0)) for status in Order.OPEN}
    yield Gauge("portal_open_orders", "Orders not over yet", ("status",), values)


gauges = [open_orders]
