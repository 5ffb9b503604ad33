"""The bill lines of some months, summed as somebody asked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from federation.capacity.models import Accelerator
from federation.providers.models import Provider
from marketplace.billing.models import BillLine
from marketplace.costs.forecast import at_this_pace
from marketplace.orders.models import Order
from marketplace.orders.queries import committed_by_project, month_start
from portal.organizations.models import Project
from portal.shell.names import named

SUMS = ("gross", "voucher", "cash", "credit")
# What costs are summed by: the code on a bill line, and whose code that is.
GROUPS = {
    "project": (F("project__code"), Project),
    "accelerator": (F("order__plan__accelerator__code"), Accelerator),
    "provider": (F("provider__code"), Provider),
    "day": (TruncDate("billed_at"), None),
}


@dataclass(frozen=True)
class Months:
    """From the first of one month to the end of another."""

    since: date
    until: date

    @property
    def start(self) -> datetime:
        return datetime(self.since.year, self.since.month, 1, tzinfo=timezone.get_current_timezone())

    @property
    def end(self) -> datetime:
        return after(datetime(self.until.year, self.until.month, 1, tzinfo=timezone.get_current_timezone()))


def after(start: datetime) -> datetime:
    """The first instant of the next month."""
    return month_start(start + timedelta(days=32))


def lines(user, months: Months):
    """What stands on the bills of these months, and what will."""
    is_billed = Q(item__bill__month__range=(months.since, months.until))
    is_waiting = Q(item=None, billed_at__gte=months.start, billed_at__lt=months.end)
    return BillLine.objects.visible_to(user).filter(is_billed | is_waiting)


def shares(user, months: Months, by: str) -> list[dict]:
    """The costs of these months by project, accelerator, provider or day, each with its name."""
    key, owner = GROUPS[by]
    sums = {name: Sum(name, default=0) for name in SUMS}
    found = list(
        lines(user, months)
        .values(key=key)
        .annotate(line_count=Count("id"), card_seconds=Sum(F("cards") * F("seconds"), default=0), **sums)
        .order_by("key" if owner is None else "-gross", "key")
    )
    names = (
        owner._default_manager.filter(code__in=[row["key"] for row in found]).in_bulk(field_name="code")
        if owner
        else {}
    )
    return [row | {"label": named(names[row["key"]]) if owner else f"{row['key']:%Y-%m-%d}"} for row in found]


def total(rows: list[dict]) -> dict:
    """The last line of the table."""
    return {name: sum(row[name] for row in rows) for name in ("line_count", "card_seconds", *SUMS)}


@dataclass(frozen=True)
class Forecast:
    """The present month in fen: billed so far, still held by open orders, expected at its end, and the budgets."""

    billed: int
    held: int
    expected: int
    budget: int
    committed: int


def forecast(user, at) -> Forecast:
    """Where this month is going for the firms whose bills this person sees."""
    start = month_start(at)
    month = Months(start.date(), start.date())
    billed = lines(user, month).aggregate(total=Sum("gross", default=0))["total"]
    held = Order.objects.visible_to(user).open().aggregate(total=Sum("amount", default=0))["total"]
    budgeted = list(Project.objects.of(user).filter(monthly_budget__gt=0))
    return Forecast(
        billed=billed,
        held=held,
        expected=at_this_pace(billed, start, at, after(start), held),
        budget=sum(project.monthly_budget for project in budgeted),
        committed=sum(committed_by_project(budgeted, at).values()),
    )
