"""Walk every audit chain and name the first bad row of each."""

import time

from django.core.management.base import BaseCommand, CommandError

from portal.audit import queries as audit
from portal.audit.models import Checkpoint, Event, Seal


class Command(BaseCommand):
    help = "Prove that no audit event was edited, removed, reordered or cut off; exits 1 and names the row when one was."

    def handle(self, **options):
        began = time.monotonic()
        found = audit.breaks()
        for link in found:
            self.stderr.write(f"{link.chain} #{link.position}: {link.reason}, event {link.event_id}")
        if found:
            raise CommandError(f"{len(found)} chains are broken")
        unsealed = Event.objects.unsealed().count()
        self.stdout.write(
            f"{Seal.objects.count()} links and {Checkpoint.objects.count()} checkpoints hold; "
            f"{unsealed} events wait for the next seal; {time.monotonic() - began:.1f} s"
        )
