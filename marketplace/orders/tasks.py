"""Orders follow what approvers and clusters wrote into their rows."""

from celery import shared_task
from django.db.models import Exists, OuterRef
from django.utils import timezone

from marketplace.funding.models import FundingHold
from marketplace.orders import actions as orders
from marketplace.orders import drafts
from marketplace.orders.models import Order
from portal.approvals.models import Approval
from portal.shell.sweeps import BATCH, each
from scheduler.workloads.models import Workload


@shared_task
def follow_approvals():
    """Confirm, reject or expire orders that waited for a second person. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    waiting = {
        o.code: o for o in Order.objects.filter(status=Order.Status.AWAITING_APPROVAL).order_by("id")[:BATCH]
    }
    decided = Approval.objects.filter(kind=orders.APPROVAL_KIND, subject_code__in=waiting).exclude(
        status=Approval.Status.PENDING
    )

    def follow(approval):
        order = waiting.pop(approval.subject_code)
        if approval.status == Approval.Status.APPROVED:
            orders.approve(order_id=order.id, by=approval.decided_by, at=now)
        else:
            orders.reject(order_id=order.id, by=approval.decided_by, reason=approval.reason, at=now)

    each(decided.select_related("decided_by"), follow)
    each(
        [order for order in waiting.values() if order.confirm_by <= now],
        lambda order: orders.expire(order_id=order.id, at=now),
    )


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
def forget_old_drafts():
    """Drop what nobody placed in a week."""
    drafts.forget_old(at=timezone.now())
