"""Drafts follow the platform's word and their date."""

from celery import shared_task
from django.utils.timezone import now

from marketplace.catalogue import drafts
from marketplace.catalogue.models import PriceDraft
from portal.approvals.queries import words_on
from portal.shell.sweeps import BATCH, each


@shared_task
def follow_price_drafts():
    """Take over what was decided, and put on the shelf what is due. Safe to run twice, safe to miss a beat."""
    at = now()

    def follow(word):
        drafts.decide(
            draft_id=word.subject.id, agree=word.is_agreed, reason=word.reason, by=word.by, at=at
        )  # fmt: skip

    submitted = PriceDraft.objects.filter(status=PriceDraft.Status.SUBMITTED)
    each(words_on(drafts.APPROVAL_KIND, submitted), follow)
    due = PriceDraft.objects.filter(status=PriceDraft.Status.APPROVED, effective_from__lte=at)
    each(due.order_by("effective_from")[:BATCH], lambda draft: drafts.publish(draft_id=draft.id, at=at))
