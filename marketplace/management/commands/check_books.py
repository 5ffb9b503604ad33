"""Prove the books: every journal, hold, order, bill and statement against the ledger."""

from django.core.management.base import BaseCommand, CommandError

from marketplace.settlement import queries as settlement
from portal.shell.money import yuan


class Command(BaseCommand):
    help = "Explain every account to the fen and name every disagreement; exits 1 when there is one."

    def handle(self, **options):
        for name, fen in settlement.totals().items():
            self.stdout.write(f"{name}: ¥{yuan(fen)}")
        found = settlement.breaks()
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(f"{len(found)} disagreements")
        self.stdout.write("books hold: 0 disagreements")
