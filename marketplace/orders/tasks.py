"""Orders follow what approvers and clusters wrote into their rows."""

from celery import shared_task
from django.db.models import Exists, OuterRef
from django.utils import timezone

from marketplace.funding.models import FundingHold
from marketplace.orders import actions as orders
from marketplace.orders import drafts, placing
from marketplace.orders.models import Order
from marketplace.orders.reservations import REMINDERS
from portal.approvals.queries import unanswered, words_on
from portal.shell.sweeps import BATCH, each
from scheduler.workloads.models import Workload


@shared_task
def follow_approvals():
    """Confirm, reject or expire orders that waited for a second person. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    waiting = Order.objects.filter(status=Order.Status.AWAITING_APPROVAL)

    def follow(word):
        if word.is_agreed:
            orders.approve(order_id=word.subject.id, by=word.by, at=now)
        else:
            orders.reject(order_id=word.subject.id, by=word.by, reason=word.reason, at=now)

    each(words_on(placing.APPROVAL_KIND, waiting), follow)
    late = unanswered(placing.APPROVAL_KIND, waiting.filter(confirm_by__lte=now))
    each(late.order_by("id")[:BATCH], lambda order: orders.expire(order_id=order.id, at=now))


@shared_task
def follow_payments():
    """Confirm orders whose money has come, give up those it did not reach in time. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    waiting = Order.objects.filter(status=Order.Status.AWAITING_PAYMENT).order_by("id")
    unpaid = FundingHold.objects.filter(order_code=OuterRef("code"), paid_at=None)
    each(
        waiting.exclude(Exists(unpaid))[:BATCH], lambda order: orders.confirm_paid(order_id=order.id, at=now)
    )
    late = waiting.filter(Exists(unpaid), pay_by__lte=now)
    each(late[:BATCH], lambda order: orders.expire(order_id=order.id, at=now))


@shared_task
def follow_workloads():
    """Mark orders whose work has begun. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    begun = Workload.objects.begun().values("order_code")
    rows = Order.objects.filter(status=Order.Status.CONFIRMED, code__in=begun).order_by("id")[:BATCH]
    each(rows, lambda order: orders.start(order_id=order.id, at=now))


@shared_task
def begin_reservations():
    """Begin reserved capacity whose day has come. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    rows = Order.objects.to_begin(now).order_by("id")[:BATCH]
    each(rows, lambda order: orders.begin(order_id=order.id, at=now))


@shared_task
def remind_of_endings():
    """Tell who has reserved capacity that it ends soon. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    for days in REMINDERS:
        rows = Order.objects.ending(days, now).order_by("id")[:BATCH]
        each(rows, lambda order, days=days: orders.remind(order_id=order.id, days=days, at=now))


@shared_task
def forget_old_drafts():
    """Drop what nobody placed in a week."""
    drafts.forget_old(at=timezone.now())
