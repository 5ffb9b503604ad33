"""What the market lays on a buyer's desk first."""

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balances
from marketplace.orders.models import Order
from marketplace.orders.queries import month_start
from portal.accounts.permissions import can
from portal.organizations.models import Project
from portal.shell.entries import Figure, Pile, Step, Task, address
from portal.shell.money import yuan

MOST_SHOWN = 5


def _once(request, name, read):
    """Several parts of a desk need the same figure; the database is asked for it once."""
    kept = request.__dict__.setdefault("_desk", {})
    if name not in kept:
        kept[name] = read()
    return kept[name]


def _orders(request):
    """How many orders there are, how many are open, and what this month's cost."""
    month = month_start(timezone.now())
    is_this_month = Q(placed_at__gte=month)
    return _once(
        request,
        "orders",
        lambda: Order.objects.visible_to(request.user).aggregate(
            every=Count("id"),
            open=Count("id", filter=Q(status__in=Order.OPEN)),
            waiting=Count("id", filter=Q(status=Order.Status.AWAITING_APPROVAL)),
            held=Sum("amount", filter=Q(status__in=Order.OPEN) & is_this_month, default=0),
            billed=Sum("billed_amount", filter=is_this_month, default=0),
        ),
    )


def purse(request) -> dict:
    """What this firm has and what it owes, by kind of account."""
    owner = request.organization.code
    found = _once(request, "purse", lambda: balances([Kind.PREPAID, Kind.RECEIVABLE], [owner]))
    return {Kind(kind): amount for (kind, _owner), amount in found.items()}


def _balance(request):
    return purse(request).get(Kind.PREPAID, 0)


def _budget(request):
    mine = Project.objects.of(request.user)
    return _once(request, "budget", lambda: mine.aggregate(all=Sum("monthly_budget", default=0))["all"])


def _has_purse(request) -> bool:
    return bool(request.organization) and can(request.user, "wallet.view", request.organization)


def buyer_figures(request) -> list[Figure]:
    """What is open, what the month has cost, and what can still be spent."""
    if not can(request.user, "orders.view"):
        return []
    orders = _orders(request)
    note = _("待审批 %(n)s 单") % {"n": orders["waiting"]} if orders["waiting"] else ""
    found = [Figure(_("进行中的订单"), f"{orders['open']:,}", _("单"), address("orders:list"), note, "list")]
    if not _has_purse(request):
        return found
    spent, budget = orders["held"] + orders["billed"], _budget(request)
    note = _("各项目月度预算合计 ¥%(budget)s") % {"budget": yuan(budget)} if budget else _("没有设月度预算")
    return found + [
        Figure(_("本月用量"), yuan(spent), _("元"), address("billing:lines"), note, "receipt"),
        Figure(_("可用余额"), yuan(_balance(request)), _("元"), address("funding:wallet"), icon="wallet"),
    ]


def first_steps(request) -> list[Step]:
    """The road of a new firm to its first job; empty for everybody else and once it has been walked."""
    if not (_has_purse(request) and can(request.user, "orders.place", request.organization)):
        return []
    steps = [
        Step(_("登记企业"), _("已登记为 %(name)s") % {"name": request.organization}, "", True),
        Step(
            _("设置项目预算与审批起点"),
            _("超出预算的订单会被拦下，超过起点的需要第二人同意。"),
            reverse("organizations:settings"),
            _budget(request) > 0,
        ),
        Step(
            _("充值或领取算力券"),
            _("对公转账附言填写单位编号；算力券由主管部门发放。"),
            reverse("funding:wallet"),
            _balance(request) > 0,
        ),
        Step(
            _("运行第一个作业"),
            _("选一款加速卡，几分钟就能看到日志。"),
            reverse("storefront:list"),
            _orders(request)["every"] > 0,
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps


def recent_orders(request) -> list[Pile]:
    """The last few orders I may see."""
    if not can(request.user, "orders.view"):
        return []
    rows = Order.objects.visible_to(request.user).select_related("placed_by").order_by("-id")[:MOST_SHOWN]
    tasks = [
        Task(
            order.name or order.code,
            order.get_absolute_url(),
            order.placed_at,
            order.placed_by,
            order.status,
            order.get_status_display(),
        )
        for order in rows
    ]
    return [Pile(_("最近的订单"), len(tasks), tasks, address("orders:list"))] if tasks else []
