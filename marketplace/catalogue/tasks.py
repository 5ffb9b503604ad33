"""Drafts follow the platform's word and their date."""

from celery import shared_task
from django.utils.timezone import now

from marketplace.catalogue import drafts
from marketplace.catalogue.models import PriceDraft
from portal.approvals.models import Approval
from portal.shell.sweeps import BATCH, each


@shared_task
def follow_price_drafts():
    """Take over what was decided, and put on the shelf what is due. Safe to run twice, safe to miss a beat."""
    at = now()
    waiting = {d.code: d for d in PriceDraft.objects.filter(status=PriceDraft.Status.SUBMITTED)[:BATCH]}
    decided = Approval.objects.filter(
        kind=drafts.APPROVAL_KIND,
        subject_code__in=waiting,
        status__in=[Approval.Status.APPROVED, Approval.Status.REJECTED],
    )

    def follow(approval):
        agree = approval.status == Approval.Status.APPROVED
        draft = waiting[approval.subject_code]
        drafts.decide(draft_id=draft.id, agree=agree, reason=approval.reason, by=approval.decided_by, at=at)

    each(decided.select_related("decided_by"), follow)
    due = PriceDraft.objects.filter(status=PriceDraft.Status.APPROVED, effective_from__lte=at)
    each(due.order_by("effective_from")[:BATCH], lambda draft: drafts.publish(draft_id=draft.id, at=at))
