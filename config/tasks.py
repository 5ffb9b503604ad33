"""What time does for the whole house."""

from datetime import timedelta
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from config import backups
from portal.backups import actions as records

NIGHT_BEGINS = timedelta(hours=2)


@shared_task(time_limit=3 * 3600)
def take_nightly_backup():
    """Copy the rows once a night, from two o'clock on; a missed night is made up for at once. Safe to run twice."""
    if not settings.DATABASE_BACKUP_URL:
        return
    now = timezone.now()
    night = timezone.localdate(now - NIGHT_BEGINS)
    if record := records.begin(night=night, at=now):
        backups.take_on_record(
            record,
            settings.DATABASE_BACKUP_URL,
            Path(settings.BACKUP_DIR),
            kept=settings.BACKUPS_KEPT,
        )
