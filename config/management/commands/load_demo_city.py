"""Load the demonstration city; loading twice changes nothing."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from config.demo import city, data


class Command(BaseCommand):
    help = "Load the demonstration city: clusters, offers, firms, officers, money and vouchers."

    def handle(self, **options):
        city.load(at=timezone.now())
        self.stdout.write(f"demo city loaded; every demo account's password is {data.PASSWORD}")
