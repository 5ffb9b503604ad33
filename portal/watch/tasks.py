"""Somebody looks every minute."""

from celery import shared_task
from django.utils import timezone

from portal.shell import sweeps
from portal.watch import actions as watch
from portal.watch import queries


@shared_task
def watch_the_record():
    """Raise an alarm for whatever looks like an attack. Safe to run twice, safe to miss half an hour of beats."""
    now = timezone.now()

    def tell(suspicion):
        rule, about, marker, seen = suspicion
        watch.raise_alarm(rule=rule, about=about, marker=marker, seen=seen, at=now)

    sweeps.each(queries.suspicions(now), tell)
