"""Walk every audit chain and name the first bad row of each."""

from django.core.management.base import BaseCommand, CommandError

from portal.audit import queries as audit
from portal.audit.models import Event, Seal


class Command(BaseCommand):
    help = (
        "Prove that no audit event was edited, removed or reordered; exits 1 and names the row when one was."
    )

    def handle(self, **options):
        found = audit.breaks()
        for link in found:
            self.stderr.write(f"{link.chain} #{link.position}: {link.reason}, event {link.event_id}")
        if found:
            raise CommandError(f"{len(found)} chains are broken")
        unsealed = Event.objects.unsealed().count()
        self.stdout.write(f"{Seal.objects.count()} links hold; {unsealed} events wait for the next seal")
