"""Batches and accounts follow their second person's word; bank lines that name a payout settle it."""

from celery import shared_task
from django.utils.timezone import now

from marketplace.payouts import actions as payouts
from marketplace.payouts import queries
from marketplace.payouts.models import PayoutAccount, PayoutBatch
from portal.approvals.models import Approval
from portal.shell.sweeps import BATCH, each


@shared_task
def follow_payout_approvals():
    """Do what was decided about batches and accounts. Safe to run twice, safe to miss a beat."""
    _follow(payouts.BATCH, PayoutBatch.objects.filter(status=PayoutBatch.Status.PROPOSED), _batch)
    _follow(payouts.ACCOUNT, PayoutAccount.objects.filter(status=PayoutAccount.Status.PROPOSED), _account)


def _follow(kind, rows, act):
    waiting = {row.code: row for row in rows.order_by("id")[:BATCH]}
    decided = Approval.objects.filter(
        kind=kind, subject_code__in=waiting, status__in=[Approval.Status.APPROVED, Approval.Status.REJECTED]
    )
    each(decided.select_related("decided_by"), lambda word: act(waiting[word.subject_code], word))


def _batch(batch, word):
    if word.status == Approval.Status.APPROVED:
        payouts.approve_batch(batch_id=batch.id, by=word.decided_by, at=now())
    else:
        payouts.refuse_batch(batch_id=batch.id, reason=word.reason, by=word.decided_by, at=now())


def _account(account, word):
    agree = word.status == Approval.Status.APPROVED
    payouts.decide_account(
        account_id=account.id, agree=agree, reason=word.reason, by=word.decided_by, at=now()
    )


@shared_task
def match_payouts():
    """Settle payouts with the bank's lines that name them. Safe to run twice, safe to miss a beat."""
    each(queries.open_lines()[:BATCH], lambda line: payouts.match(line_id=line.id, at=now()))
