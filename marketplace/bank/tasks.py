"""What says by itself whose it is, is credited within seconds."""

from celery import shared_task
from django.utils.timezone import now

from marketplace.bank import actions as bank
from marketplace.bank.models import BankLine
from portal.shell.sweeps import BATCH, each


@shared_task
def credit_bank_lines():
    """Credit arrivals that name their firm. Safe to run twice, safe to miss a beat."""
    rows = BankLine.objects.certain().order_by("id")[:BATCH]
    each(rows, lambda line: bank.credit(line_id=line.id, at=now()))


@shared_task
def match_provider_payouts():
    """Find the payment provider's payouts among the bank's lines. Safe to run twice, safe to miss a beat."""
    rows = BankLine.objects.of_the_provider().order_by("id")[:BATCH]
    each(rows, lambda line: bank.match_provider_payout(line_id=line.id, at=now()))
