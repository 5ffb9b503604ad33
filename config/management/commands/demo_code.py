"""What the authenticator app of a person of the demonstration city shows now."""

import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.factors import code_now, seconds_left

ENOUGH_SECONDS = 8


class Command(BaseCommand):
    help = "Print the present code of a demo officer's authenticator app. Only in a demonstration city."

    def add_arguments(self, parser):
        parser.add_argument("username")

    def handle(self, username, **options):
        if not settings.CITY["is_demo"]:
            raise CommandError("This is not a demonstration city (CITY_IS_DEMO).")
        # A code about to change would be wrong before it is typed.
        if (left := seconds_left()) < ENOUGH_SECONDS:
            time.sleep(left)
        code = code_now(username)
        if code is None:
            raise CommandError(f"{username} has no authenticator app")
        self.stdout.write(code)
