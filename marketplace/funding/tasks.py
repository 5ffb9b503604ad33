"""Credit lines follow a second person's word."""

from celery import shared_task
from django.utils import timezone

from marketplace.funding import actions as funding
from marketplace.funding.models import CreditLine
from portal.approvals.models import Approval
from portal.shell.sweeps import BATCH, each


@shared_task
def follow_credit():
    """Put agreed credit lines in force, end refused ones. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    proposed = {
        line.code: line for line in CreditLine.objects.filter(status=CreditLine.Status.PROPOSED)[:BATCH]
    }
    decided = Approval.objects.filter(kind=funding.CREDIT_APPROVAL, subject_code__in=proposed).exclude(
        status=Approval.Status.PENDING
    )

    def follow(approval):
        wish = {"line_id": proposed[approval.subject_code].id, "by": approval.decided_by, "at": now}
        if approval.status != Approval.Status.APPROVED:
            funding.refuse_credit(**wish)
            return
        try:
            funding.grant_credit(**wish)
        except funding.CannotGrant:
            # Between asking and agreeing, more was taken than the new limit allows.
            funding.refuse_credit(**wish)

    each(decided.select_related("decided_by"), follow)
