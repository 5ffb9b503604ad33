"""Write down what the API promises."""

import json

from django.core.management.base import BaseCommand, CommandError

from config.api_changes import PROMISED, broken, present


class Command(BaseCommand):
    help = "Write docs/openapi.json from the code. Refuses to take anything away unless told so with --break."

    def add_arguments(self, parser):
        parser.add_argument("--break", action="store_true", dest="may_break")

    def handle(self, may_break, **options):
        text = present()
        if PROMISED.exists() and not may_break:
            losses = broken(json.loads(PROMISED.read_text()), json.loads(text))
            if losses:
                raise CommandError("programs rely on this:\n" + "\n".join(losses))
        PROMISED.write_text(text)
        self.stdout.write(str(PROMISED.name))
