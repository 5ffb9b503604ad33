"""How a new city gets its first administrator: no default password anywhere."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from portal.entrance import actions as entrance
from portal.shell.exceptions import Refusal


class Command(BaseCommand):
    help = (
        "Print an address, good for one hour and once, that makes its opener the first system administrator."
    )

    def handle(self, **options):
        try:
            word = entrance.invite_first_administrator()
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(settings.PUBLIC_URL + reverse("entrance:first_administrator", args=[word]))
