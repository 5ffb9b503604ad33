"""Finished work is billed within seconds; the month is summed up when it is over."""

from celery import shared_task
from django.utils import timezone

from marketplace.billing import actions as billing
from marketplace.billing import monthly, overdue, refunds, reservations
from marketplace.billing.models import Bill, BillRefund
from marketplace.billing.queries import late_readings
from marketplace.orders.models import Order
from marketplace.orders.queries import month_start
from portal.approvals.queries import words_on
from portal.shell.sweeps import BATCH, each
from scheduler.workloads.models import Workload


@shared_task
def bill_finished_orders():
    """Settle orders whose work has ended. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    ended = Workload.objects.ended().values("order_code")
    rows = Order.objects.filter(status__in=[Order.Status.CONFIRMED, Order.Status.RUNNING], code__in=ended)
    each(rows.order_by("id")[:BATCH], lambda order: billing.settle_order(order_id=order.id, at=now))


@shared_task
def bill_reservations():
    """Bill reserved capacity month by month and at its end. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    each(reservations.due(now)[:BATCH], lambda order: reservations.settle(order_id=order.id, at=now))


@shared_task
def bill_late_usage():
    """Bill readings that came after their order was closed. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    each(late_readings(now)[:BATCH], lambda usage: billing.bill_late(usage_id=usage.id, at=now))


@shared_task
def follow_bill_refunds():
    """Give back or drop what a second person decided on. Safe to run twice, safe to miss a beat."""
    now = timezone.now()

    def follow(word):
        if word.is_agreed:
            refunds.give(refund_id=word.subject.id, by=word.by, at=now)
        else:
            refunds.refuse(refund_id=word.subject.id, by=word.by)

    each(words_on(refunds.APPROVAL_KIND, BillRefund.objects.filter(status=BillRefund.Status.ASKED)), follow)


@shared_task
def follow_overdue_bills():
    """Collect what is due, remind, stop and suspend. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    each(Bill.objects.owed()[:BATCH], lambda bill: overdue.follow(bill_id=bill.id, at=now))


@shared_task
def issue_monthly_bills():
    """Sum up last month for each firm that has no bill of it yet. A second run issues nothing."""
    now = timezone.now()
    monthly.issue(until=month_start(now), at=now)
