"""Budgets are watched every minute."""

from celery import shared_task
from django.utils import timezone

from marketplace.budgets import actions as budgets
from marketplace.budgets import queries
from portal.shell.sweeps import each


@shared_task
def follow_budgets():
    """Remind and stop where projects have passed a mark. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    each(queries.at_a_mark(now), lambda project: budgets.follow(project_id=project.id, at=now))
