"""The month is closed when it is over."""

from celery import shared_task
from django.utils import timezone

from marketplace.orders.queries import month_start
from marketplace.settlement import actions as settlement
from marketplace.settlement.models import Statement


@shared_task
def close_last_month():
    """On the first of the month, settle everything billed before it. A second run settles nothing."""
    now = timezone.now()
    until = month_start(now)
    if not Statement.objects.filter(until_at__gte=until).exists():
        settlement.close(until=until, by=None, at=now)
