"""What orders add up to, and what one would cost."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Case, Count, F, Q, Sum, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from federation.capacity.models import Pool
from marketplace.funding.protocol import Purchase
from marketplace.funding.queries import Means, Quote
from marketplace.orders.models import Order
from portal.shell.entries import Operation


def month_start(at):
    return timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def committed_by_project(projects, at) -> dict[int, int]:
    """Fen that projects' orders of this month hold or have been billed, in one query."""
    spent = Case(When(status__in=Order.OPEN, then=F("amount")), default=F("billed_amount"))
    rows = Order.objects.filter(project__in=projects, placed_at__gte=month_start(at)).order_by()
    return dict(rows.values_list("project").annotate(total=Sum(spent, default=0)))


def committed_in_month(project, at) -> int:
    """Fen that a project's orders of this month hold or have been billed."""
    return committed_by_project([project], at).get(project.id, 0)


def withdrawals_today(organization, at) -> int:
    """How many free withdrawals a firm has used today."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return Order.objects.filter(
        organization=organization,
        is_withdrawn=True,
        cancel_requested_at__range=(midnight, midnight + timedelta(days=1)),
    ).count()


CANCELLATION = "orders:write"
CANCELLATION_STATES = {
    "running": Q(closed_at=None),
    "succeeded": Q(closed_at__isnull=False),
    "failed": Q(pk__in=[]),
}


def cancellations(user, reaches):
    """The orders that this person may see and that were asked to stop."""
    return Order.objects.visible_to(user).asked_to_stop() if reaches(CANCELLATION) else Order.objects.none()


def cancellation(order) -> Operation:
    """The stopping of an order as long work that a program watches: done when the order is closed."""
    return Operation(
        code=order.code,
        kind="order_cancellation",
        scope=CANCELLATION,
        created_at=order.cancel_requested_at,
        finished_at=order.closed_at,
        result=f"/api/v1/orders/{order.code}/" if order.closed_at else "",
    )


def districts_of(plan) -> frozenset[str]:
    """Where the cards of what is sold stand."""
    pools = Pool.objects.filter(cluster__provider_id=plan.provider_id, accelerator_id=plan.accelerator_id)
    return frozenset(pools.values_list("cluster__district", flat=True))


class Goods(NamedTuple):
    """What the ways to pay must know of what is sold: where its cards stand, their make, and the id of whose they are."""

    districts: frozenset[str]
    is_domestic: bool
    owner: int | None


def goods(plan, districts: frozenset[str]) -> Goods:
    """A plan as the ways to pay see it; its cards stand in these districts."""
    return Goods(districts, plan.accelerator.is_domestic, plan.provider.organization_id)


def purchase(organization, sold: Goods, amount: int) -> Purchase:
    """The whole amount of an order and what the ways to pay must know of it; nobody in particular may be asking."""
    if organization is None:
        return Purchase(amount, "", sold.districts, sold.is_domestic, is_self_supply=False)
    is_self_supply = sold.owner == organization.id
    return Purchase(amount, organization.district, sold.districts, sold.is_domestic, is_self_supply)


def quote(organization, plan, amount: int, at, *, chosen=None, ways=None) -> Quote:
    """What one order would cost this buyer today, and who would pay which part."""
    bought = purchase(organization, goods(plan, districts_of(plan)), amount)
    return Means(organization, at).quote(bought, chosen=chosen, ways=ways)


@dataclass(frozen=True)
class DayTally:
    """Orders placed on one day that are now in one status."""

    day: date
    status: str
    count: int
    billed: int


def tally_by_day(since: datetime) -> list[DayTally]:
    """What was ordered each day, and what came of it."""
    rows = (
        Order.objects.filter(placed_at__gte=since)
        .annotate(day=TruncDate("placed_at"))
        .values("day", "status")
        .annotate(count=Count("id"), billed=Sum("billed_amount", default=0))
        .order_by("day", "status")
    )
    return [DayTally(**row) for row in rows]
