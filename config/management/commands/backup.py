"""Copy the database, sealed with the city's keys."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import backups
from portal.backups import actions as records


class Command(BaseCommand):
    help = "Dump the database as its owner, seal it, note its checksum, and drop the oldest copies beyond BACKUPS_KEPT."

    def handle(self, **options):
        folder = Path(settings.BACKUP_DIR)
        try:
            copy = backups.take_on_record(
                records.begin(at=timezone.now()), backups.owner_url(), folder, kept=settings.BACKUPS_KEPT
            )
        except backups.CannotRestore as sad:
            raise CommandError(str(sad)) from sad
        self.stdout.write(
            f"{folder / copy.name}: {copy.bytes:,} bytes in {copy.seconds:.1f} s, SM3 {copy.sm3}"
        )
        self.stdout.write(
            "Keep the keys apart from it: without them nobody reads it, with them anybody does."
        )
