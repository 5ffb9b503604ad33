"""Two sweeps at one moment: one letter, one message, one delivery of each event, and a late event is not passed over."""

import threading
from collections import Counter

import pytest
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices import tasks as letters
from portal.notices.models import Notice, NoticeDelivery
from portal.webhooks import actions as webhooks
from portal.webhooks import tasks
from portal.webhooks.models import WebhookDelivery
from tests import city as town
from tests.city import NOON, listener
from tests.concurrency.races import race

pytestmark = pytest.mark.django_db(transaction=True)
EVENT = "order.placed"


@pytest.fixture
def city(transactional_db):
    city = town.found()
    audit.seal()
    Notice.objects.all().delete()
    return city


def happen(city, number):
    audit.record(city.lab, EVENT, by=city.bob, amount=number)


def tell(user, count):
    for number in range(count):
        notices.notify(kind="money", sentence=f"{number}", values={}, url="/", at=NOON, user=user)


def test_two_sorters_and_two_senders_send_each_letter_once(city):
    tell(city.bob, 20)

    race(letters.sort_notices, letters.sort_notices)
    race(letters.send_notices, letters.send_notices, letters.send_notices)

    assert NoticeDelivery.objects.count() == 20
    assert Counter(letter.body for letter in mail.outbox).most_common(1)[0][1] == 1
    assert len(mail.outbox) == 20


def test_without_the_lease_two_senders_would_take_the_same_letter(city, monkeypatch):
    """The race is real: only the row's lock and lease keep the second one from it."""
    tell(city.bob, 1)
    letters.sort_notices()
    rows = NoticeDelivery.objects.due(timezone.now())

    assert rows.first() == rows.first()
    assert (len(notices.take(at=timezone.now())), notices.take(at=timezone.now())) == (1, [])


def test_two_fan_outs_write_each_message_once(city):
    endpoint = listener(city)
    for number in range(30):
        happen(city, number)
    audit.seal()

    race(*[lambda: webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=7)] * 4)
    while webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=7):
        pass

    assert WebhookDelivery.objects.count() == 30


def test_two_senders_send_each_message_once(city, monkeypatch):
    endpoint = listener(city)
    for number in range(20):
        happen(city, number)
    audit.seal()
    webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=200)
    sent = []

    def send(delivery):
        sent.append(delivery.code)
        return webhooks.note(delivery=delivery, status=200, milliseconds=1, answer="", at=timezone.now())

    monkeypatch.setattr(tasks, "send", send)
    race(tasks.send_webhooks, tasks.send_webhooks, tasks.send_webhooks)

    assert (len(sent), len(set(sent))) == (20, 20)


def test_an_event_of_a_long_transaction_is_told_when_it_appears(city):
    """Its number is small and it appears late: a watermark over the events' own numbers would have passed it over."""
    endpoint = listener(city)
    written, may_end = threading.Event(), threading.Event()

    def slowly():
        try:
            with transaction.atomic():
                happen(city, 1)
                written.set()
                may_end.wait(timeout=20)
        finally:
            connection.close()

    slow = threading.Thread(target=slowly)
    slow.start()
    written.wait(timeout=20)
    happen(city, 2)
    audit.seal()
    before = webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=200)
    may_end.set()
    slow.join(timeout=20)
    audit.seal()

    after = webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=200)

    assert (before, after) == (1, 1)
    first, second = WebhookDelivery.objects.order_by("id")
    assert first.event_number > second.event_number
