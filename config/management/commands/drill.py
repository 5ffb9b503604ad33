"""Restore the newest backup somewhere else, prove it, and say how long the city would have stood still."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import backups


class Command(BaseCommand):
    help = "Restore the newest backup into a throwaway PostgreSQL and run verify_audit and check_books on it."

    def handle(self, **options):
        try:
            done = backups.drill(Path(settings.BACKUP_DIR))
        except backups.CannotRestore as sad:
            raise CommandError(str(sad)) from sad
        self.stdout.write(f"restored {done.name}")
        for finding in done.findings:
            self.stdout.write(f"  {finding}")
        self.stdout.write(f"RPO {done.lost_seconds:.0f} s: news since the backup would be lost")
        self.stdout.write(
            f"RTO {done.checked_seconds:.1f} s: {done.restored_seconds:.1f} s to rows, the rest to prove them"
        )
