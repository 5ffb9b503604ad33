"""Vouchers on the cockpit's wall."""

from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.shell.charts import Chart, Series
from portal.shell.entries import Figure, Panel, Reading, address
from subsidies.budgets.models import Programme
from subsidies.budgets.queries import given_and_spent_by_month, standings

FEN_PER_WAN = 1_000_000


def _wan(fen: int) -> str:
    """Ten thousands of yuan."""
    return f"{Decimal(fen) / FEN_PER_WAN:,.2f}"


def _points(by_month, month) -> Decimal:
    return round(Decimal(by_month.get(month, 0)) / FEN_PER_WAN, 2)


def _standings():
    return standings(Programme.objects.all())


def money(at, once):
    """What has been given to firms, and what they have spent on compute."""
    found = once(_standings)
    budget, issued = sum(s.programme.budget for s in found), sum(s.issued for s in found)
    redeemed = sum(s.redeemed for s in found)
    here = address("vouchers:programmes")
    return Reading(
        at,
        [
            Figure(
                _("算力券已发放"),
                _wan(issued),
                _("万元"),
                here,
                _("预算 %(wan)s 万元") % {"wan": _wan(budget)},
            ),
            Figure(_("算力券已核销"), _wan(redeemed), _("万元"), here, _("逐笔对应计量与账单")),
        ],
    )


def by_month(at, once):
    """Month by month, what was issued and what was redeemed."""
    year = timezone.localtime(at).year
    issued, redeemed = given_and_spent_by_month(year)
    months = range(1, timezone.localtime(at).month + 1)
    chart = Chart(
        _("算力券发放与核销"),
        [f"{year}-{month:02}" for month in months],
        [
            Series(_("发放"), [_points(issued, month) for month in months]),
            Series(_("核销"), [_points(redeemed, month) for month in months]),
        ],
        _("万元"),
        "bar",
        [address("vouchers:programmes")] * len(months),
    )
    return Reading(at, chart)


panels = [
    Panel("vouchers", gettext_lazy("算力券"), money, "figures", order=50, action="programmes.view"),
    Panel(
        "vouchers-by-month",
        gettext_lazy("算力券发放与核销"),
        by_month,
        "chart",
        order=30,
        side="left",
        action="programmes.view",
    ),
]
