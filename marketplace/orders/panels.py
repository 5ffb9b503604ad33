"""Orders on the cockpit's wall."""

from collections import Counter
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.orders.models import Order
from marketplace.orders.queries import month_start, tally_by_day
from portal.shell.charts import Chart, Series
from portal.shell.entries import Figure, Panel, Reading, address
from portal.shell.money import yuan

DAYS = 14


def _tally(at, once):
    first = (timezone.localtime(at) - timedelta(days=DAYS - 1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return once(tally_by_day, min(month_start(at), first))


def this_month(at, once):
    """How many orders the month has brought, and how many are under way."""
    month = month_start(at).date()
    rows = [row for row in _tally(at, once) if row.day >= month]
    billed = yuan(sum(row.billed for row in rows))
    running = sum(row.count for row in rows if row.status in Order.OPEN)
    here = address("orders:list")
    return Reading(
        at,
        [
            Figure(
                _("本月订单"),
                f"{sum(row.count for row in rows):,}",
                _("单"),
                here,
                _("进行中 %(count)s 单") % {"count": running},
            ),
            Figure(
                _("本月成交"),
                billed,
                _("元"),
                address("orders:list", status=Order.Status.BILLED),
                _("按实际用量结算"),
            ),
        ],
    )


def by_day(at, once):
    """What the last days brought, and what came of it."""
    today = timezone.localtime(at).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    open_, billed, other = Counter(), Counter(), Counter()
    for row in _tally(at, once):
        part = open_ if row.status in Order.OPEN else billed if row.status == Order.Status.BILLED else other
        part[row.day] += row.count
    chart = Chart(
        _("近 14 天订单"),
        [f"{day:%m-%d}" for day in days],
        [
            Series(_("进行中"), [open_[day] for day in days]),
            Series(_("已结算"), [billed[day] for day in days]),
            Series(_("未成交"), [other[day] for day in days]),
        ],
        _("单"),
        "stack",
        [address("orders:list")] * DAYS,
    )
    return Reading(at, chart)


panels = [
    Panel("orders", gettext_lazy("订单"), this_month, "figures", order=40, action="orders.view"),
    Panel(
        "orders-by-day",
        gettext_lazy("近 14 天订单"),
        by_day,
        "chart",
        order=40,
        side="centre",
        action="orders.view",
    ),
]
