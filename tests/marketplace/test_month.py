"""A month of random orders, and everything that bank and provider say wrongly of it: each is found and named, and nothing else."""

import pytest

from tests import city
from tests.month.clock import clock_in_hand
from tests.month.story import START, Month
from tests.peers.stripe import FEES, KEY, SECRET, Peer


@pytest.fixture
def provider(settings):
    with Peer() as peer:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
        settings.STRIPE_API_BASE, settings.STRIPE_FEES = peer.url, FEES
        yield peer


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_a_month_of_random_orders_every_break_is_named_and_nothing_else(db, provider):
    city.found(at=START)

    with clock_in_hand(START) as clock:
        month = Month(provider, clock, seed=1, orders=60, breaks=20, days=4, rushes=1)
        month.live()

    assert (month.placed, month.seeded) == (60, 20)
    assert month.missed() == []
    assert month.false_alarms() == []
    assert month.wrong_in_the_books() == []
