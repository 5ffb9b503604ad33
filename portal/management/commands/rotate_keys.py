"""Seal every personal identifier and credential anew under the present key."""

from collections import Counter

from django.core.management.base import BaseCommand

from portal.crypto import provider, rotation


class Command(BaseCommand):
    help = "Seal anew what lies under older keys. Killed midway, run it again: it goes on where it stopped."

    def add_arguments(self, parser):
        parser.add_argument("--new", action="store_true", help="make a new present key first")

    def handle(self, *, new, **options):
        if new:
            self.stdout.write(f"present key: {provider().rotate()}")
        done: Counter[str] = Counter()
        for place, count in rotation.batches():
            done[place] += count
        for place, count in sorted(done.items()):
            self.stdout.write(f"{place}: {count} sealed anew")
        self.stdout.write(f"everything lies under {provider().key_ids()[0]}")
