"""Load the demonstration city; loading twice changes nothing."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo import city, data
from portal.accounts.permissions import ROLES


class Command(BaseCommand):
    help = "Load the demonstration city: clusters, offers, firms, officers, money and vouchers."

    def handle(self, **options):
        if not settings.CITY["is_demo"]:
            raise CommandError(
                "This is not a demonstration city, and everybody knows the demonstration's password. "
                "Set CITY_IS_DEMO=true for a look round, or found the city: manage.py first_admin."
            )
        city.load(at=timezone.now())
        roles = dict(ROLES)
        self.stdout.write(f"Demo accounts (password of all: {data.PASSWORD})")
        self.stdout.write("Officers and providers also need a code: manage.py demo_code <name>")
        for username, name, role, organization in data.PEOPLE:
            self.stdout.write(f"  {username:10} {name}  {roles[role]}  {organization}")
