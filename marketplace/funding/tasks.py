"""Credit lines follow a second person's word."""

from celery import shared_task
from django.utils import timezone

from marketplace.funding import actions as funding
from marketplace.funding.models import CreditLine
from portal.approvals.queries import words_on
from portal.shell.sweeps import each


@shared_task
def follow_credit():
    """Put agreed credit lines in force, end refused ones. Safe to run twice, safe to miss a beat."""
    now = timezone.now()

    def follow(word):
        wish = {"line_id": word.subject.id, "by": word.by, "at": now}
        if not word.is_agreed:
            funding.refuse_credit(**wish, reason=word.reason)
            return
        try:
            funding.grant_credit(**wish)
        except funding.CannotGrant as why:
            # Between asking and agreeing, more was taken than the new limit allows.
            funding.overtake_credit(**wish, reason=why.message)

    proposed = CreditLine.objects.filter(status=CreditLine.Status.PROPOSED)
    each(words_on(funding.CREDIT_APPROVAL, proposed), follow)
