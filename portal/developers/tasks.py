"""Writing the log of requests, and forgetting what is old."""

from celery import shared_task
from django.utils import timezone

from portal.developers import actions as developers


@shared_task
def write_api_calls():
    """What programs asked since the last time. Safe to run twice, safe to miss a beat."""
    developers.write_down()


@shared_task
def forget_api_calls():
    """Requests are kept thirty days."""
    developers.forget(at=timezone.now())
