"""The books are chained every few seconds; every hour the record says how far, and busy accounts are summed up."""

from celery import shared_task
from django.utils.timezone import now

from marketplace.ledger import actions as ledger


@shared_task
def seal_journals():
    """Chain what was posted since the last beat."""
    while ledger.seal(at=now()):
        pass


@shared_task
def keep_books():
    """Anchor the chain in the city's record and remember what busy accounts came to."""
    ledger.anchor()
    ledger.take_snapshots(at=now())
