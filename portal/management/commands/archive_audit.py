"""Run as the owner of the tables: carry audit events older than AUDIT_MONTHS to the second store."""

from datetime import timedelta

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from portal.audit.archive import CannotArchive, carry_away


class Command(BaseCommand):
    help = "Write old audit events into an evidence package, then take them out of the table. The application cannot."

    def handle(self, **options):
        now = timezone.now()
        # Every month counts as a long one: rather a few days too many.
        before = now - timedelta(days=31 * settings.AUDIT_MONTHS)
        try:
            archive = carry_away(before=before, at=now)
        except CannotArchive as sad:
            raise CommandError(str(sad)) from sad
        except DatabaseError as sad:
            raise CommandError(f"only the owner of the tables may do this: {sad}") from sad
        if archive is None:
            self.stdout.write(f"nothing is older than {before:%Y-%m-%d}")
        else:
            self.stdout.write(f"{archive.links} links before {before:%Y-%m-%d} now stand in {archive.file}")
