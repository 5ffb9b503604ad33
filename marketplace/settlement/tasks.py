"""The month is closed when it is over; statements go on when they have their answer."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from marketplace.orders.queries import month_start
from marketplace.settlement import actions as settlement
from marketplace.settlement import answers, corrections, queries
from marketplace.settlement.models import Adjustment, SettlementRun, Statement, Terms
from portal.approvals.models import Approval
from portal.approvals.queries import words_on
from portal.shell.sweeps import BATCH, each


@shared_task
def close_last_month():
    """On the first of the month, settle everything billed before it. A second run settles nothing."""
    now = timezone.now()
    until = month_start(now)
    if not SettlementRun.objects.filter(until_at__gte=until).exists():
        settlement.close(until=until, by=None, at=now)


@shared_task
def take_silence_for_consent():
    """Remind providers a day before their time is up, and confirm what nobody answered. Safe to run twice."""
    now = timezone.now()
    soon = now + answers.REMINDED_BEFORE
    offered = Statement.objects.filter(status=Statement.Status.OFFERED).order_by("id")
    late = offered.filter(reminded_at=None, answer_by__lte=soon)[:BATCH]
    each(late, lambda statement: answers.remind(statement_id=statement.id, at=now))
    # Whoever was reminded late still has a day.
    silent = offered.filter(answer_by__lte=now, reminded_at__lte=now - answers.REMINDED_BEFORE)[:BATCH]
    each(silent, lambda statement: answers.confirm(statement_id=statement.id, by=None, at=now))


@shared_task
def release_retentions():
    """Owe providers again what was kept of their statements, when its time is up. Safe to run twice."""
    now = timezone.now()
    kept = Statement.objects.filter(
        retention__gt=0, retention_released_at=None, retention_due_on__lte=timezone.localdate(now)
    )
    each(
        kept.order_by("id")[:BATCH],
        lambda row: corrections.release_retention(statement_id=row.id, at=now),
    )


@shared_task
def match_treasury_receipts():
    """Mark treasuries' statements paid by the bank's lines that name them. Safe to run twice."""
    now = timezone.now()
    each(queries.treasury_lines()[:BATCH], lambda line: answers.receive(line_id=line.id, at=now))


@shared_task
def follow_adjustments():
    """Book what a second person agreed to. Safe to run twice, safe to miss a beat."""
    now = timezone.now()

    def follow(word):
        corrections.decide_adjustment(
            adjustment_id=word.subject.id, agree=word.is_agreed, reason=word.reason, by=word.by, at=now
        )

    proposed = Adjustment.objects.filter(status=Adjustment.Status.PROPOSED)
    each(words_on(corrections.ADJUSTMENT, proposed), follow)


@shared_task
def follow_terms():
    """Let terms work that a second person agreed to. Safe to run twice, safe to miss a beat."""
    now = timezone.now()

    def follow(word):
        corrections.decide_terms(
            terms_id=word.subject.id, agree=word.is_agreed, reason=word.reason, by=word.by, at=now
        )

    each(words_on(corrections.TERMS, Terms.objects.filter(status=Terms.Status.PROPOSED)), follow)


@shared_task
def follow_releases():
    """Let parked statements go on to which a second person agreed. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    answer_by = now + timedelta(days=settings.STATEMENT_ANSWER_DAYS)
    agreed = Approval.objects.filter(kind=answers.RELEASE, status=Approval.Status.APPROVED)

    def follow(statement):
        word = (
            agreed.filter(subject_code__startswith=f"{statement.code}/").select_related("decided_by").first()
        )
        if word:
            answers.release(statement_id=statement.id, answer_by=answer_by, by=word.decided_by, at=now)

    each(Statement.objects.filter(status=Statement.Status.PARKED).order_by("id")[:BATCH], follow)
