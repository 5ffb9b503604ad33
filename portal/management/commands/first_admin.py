"""How a new city gets its three administrators: no default password anywhere."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from portal.entrance import actions as entrance


class Command(BaseCommand):
    help = (
        "Print an address for each of the three administrators (system, security, audit) that nobody is yet. "
        "Each is good for one hour and once, and is for another person: hand it over by a safe way. "
        "The security administrator then invites all other staff on the page /members/."
    )

    def handle(self, **options):
        vacant = entrance.vacant_posts()
        if not vacant:
            raise CommandError(
                "All three administrators are there; the security administrator invites further staff."
            )
        for role in vacant:
            address = reverse("entrance:first_administrator", args=[entrance.invite_administrator(role)])
            self.stdout.write(f"{role.value:15} {settings.PUBLIC_URL}{address}")
