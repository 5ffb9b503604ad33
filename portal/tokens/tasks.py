"""What time does to programs that asked for a key."""

from celery import shared_task
from django.utils import timezone

from portal.tokens import device_logins


@shared_task
def forget_device_logins():
    """Requests of programs are kept for a day after they are over."""
    device_logins.forget(at=timezone.now())
