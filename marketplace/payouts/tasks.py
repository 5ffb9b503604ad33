"""Batches and accounts follow their second person's word; bank lines that name a payout settle it."""

from celery import shared_task
from django.utils.timezone import now

from marketplace.payouts import actions as payouts
from marketplace.payouts import queries
from marketplace.payouts.models import PayoutAccount, PayoutBatch
from portal.approvals.queries import words_on
from portal.shell.sweeps import BATCH, each


@shared_task
def follow_payout_approvals():
    """Do what was decided about batches and accounts. Safe to run twice, safe to miss a beat."""
    batches = PayoutBatch.objects.filter(status=PayoutBatch.Status.PROPOSED)
    accounts = PayoutAccount.objects.filter(status=PayoutAccount.Status.PROPOSED)
    each(words_on(payouts.BATCH, batches), _batch)
    each(words_on(payouts.ACCOUNT, accounts), _account)


def _batch(word):
    if word.is_agreed:
        payouts.approve_batch(batch_id=word.subject.id, by=word.by, at=now())
    else:
        payouts.refuse_batch(batch_id=word.subject.id, reason=word.reason, by=word.by, at=now())


def _account(word):
    payouts.decide_account(
        account_id=word.subject.id, agree=word.is_agreed, reason=word.reason, by=word.by, at=now()
    )


@shared_task
def match_payouts():
    """Settle payouts with the bank's lines that name them. Safe to run twice, safe to miss a beat."""
    each(queries.open_lines()[:BATCH], lambda line: payouts.match(line_id=line.id, at=now()))
