"""Billing reserved capacity: at the end of each calendar month and at its own end, for the time it was there."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime

from marketplace.billing.actions import bill_period
from marketplace.orders import actions as orders
from marketplace.orders.models import Order
from marketplace.orders.queries import month_start
from marketplace.pricing.tariffs import Unit, elapsed


def due(at):
    """Reservations that are over, given up, or not billed up to the beginning of this month."""
    running = Order.objects.filter(status=Order.Status.RUNNING, periods__isnull=False)
    billed = running.annotate(billed_until=Coalesce(Max("lines__until"), "starts_at"))
    is_over = Q(ends_at__lte=at) | Q(cancel_requested_at__isnull=False)
    return billed.filter(is_over | Q(billed_until__lt=month_start(at))).order_by("id")


def settle(*, order_id, at) -> Order:
    """Bill a reservation for every month that is over, and close it when it is over itself. Twice bills nothing twice.

    Its lines always sum to the rating of the whole time; given up before its term is over, the last line takes the rest.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status != Order.Status.RUNNING or not order.is_reservation:
            return order
        end = min(order.ends_at, order.cancel_requested_at or order.ends_at)
        since = order.lines.aggregate(until=Max("until"))["until"] or order.starts_at
        if not order.is_withdrawn:
            for until in _month_ends(since, min(end, at)):
                _bill(order, since, until, at=at)
                since = until
        if end <= at and not _stop_jobs(order, at):
            _close(order, since, end, at)
    return order


def _month_ends(since, until):
    """The beginnings of the calendar months after `since`, up to `until`."""
    first = month_start(since)
    while (first := month_start(first + timedelta(days=32))) <= until:
        yield first


def _owed(order, moment) -> int:
    """Fen for a reservation from its beginning to this moment."""
    return order.tariff.rate(_units(order, moment))


def _units(order, moment):
    return order.sold_count * elapsed(Unit(order.plan.unit), localtime(order.starts_at), moment)


def _bill(order, since, until, *, at):
    gross = _owed(order, until) - _owed(order, since)
    return bill_period(order, gross, since=since, until=until, at=at)


def _stop_jobs(order, at) -> bool:
    """The cards go back when nothing runs on them any more: whether something still does."""
    jobs = list(order.jobs.open())
    for job in jobs:
        orders.stop(order_id=job.id, reason="reservation_over", at=at)
    return bool(jobs)


def _close(order, since, end, at):
    if order.is_withdrawn:
        to = Order.Status.CANCELLED
    else:
        to = Order.Status.BILLED
        gross = order.tariff.rate_ended(_units(order, end), order.sold_count) - _owed(order, since)
        if end > since:
            bill_period(order, gross, since=since, until=end, at=at)
    orders.pass_on_cards(order, at=at)
    billed = sum(order.lines.values_list("gross", flat=True))
    orders.close(order, to, by=None, at=at, billed_amount=None if order.is_withdrawn else billed)
