"""A firm pays from outside; whatever the provider's post does, the money is taken over once and to the fen."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.ledger.models import Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.payments import actions as payments
from marketplace.payments.actions import CannotPay, KeyReused
from marketplace.payments.models import EventReading, Payment, ProviderEvent
from marketplace.payments.tasks import attend_payments, read_provider_events
from marketplace.settlement import queries as books
from portal.audit.models import Event
from portal.notices.models import Notice
from tests.peers.stripe import KEY, SECRET, Chaos, Peer, signature

Status = Payment.Status
HOOK = "/payments/webhooks/stripe/"


@pytest.fixture
def peer(settings, client):
    """A provider on this machine, whose post is carried to our door."""
    with Peer() as peer:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
        settings.STRIPE_API_BASE = peer.url
        peer.carry = lambda body, header: told(client, body, header).status_code
        yield peer


def told(client, body, header):
    return client.post(HOOK, body, content_type="application/json", headers={"Stripe-Signature": header})


@pytest.fixture
def town(city):
    city.purse = balance(Kind.PREPAID, "EN-LUDAO")
    return city


def top_up(city, method="alipay", amount=50_000, *, key="k1", at=None):
    payment = payments.top_up(
        organization=city.ludao,
        method=method,
        amount=amount,
        idempotency_key=key,
        by=city.fiona,
        at=at or timezone.now(),
    )
    attend_payments()
    payment.refresh_from_db()
    return payment


def look_again(payment):
    """Its hour to be asked about has come."""
    Payment.objects.filter(id=payment.id).update(due_at=timezone.now())
    attend_payments()
    payment.refresh_from_db()
    return payment


def end_time(payment):
    Payment.objects.filter(id=payment.id).update(pay_by=timezone.now() - timedelta(seconds=1))
    return look_again(payment)


def purse() -> int:
    return balance(Kind.PREPAID, "EN-LUDAO")


# --- the ways to pay -----------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["alipay", "wechat_pay", "card"])
def test_what_is_paid_at_the_provider_is_in_the_purse(town, peer, method):
    payment = top_up(town, method)
    assert (payment.status, bool(payment.pay_url), bool(payment.scan_text)) == (
        Status.OPEN,
        method != "wechat_pay",
        method == "wechat_pay",
    )

    peer.pay(payment.provider_id)
    assert set(peer.deliver()) == {200}
    read_provider_events()

    payment.refresh_from_db()
    assert payment.status == Status.PAID
    assert purse() == town.purse + 50_000
    assert balance(Kind.PSP, "stripe") == 50_000
    assert Notice.objects.filter(user=town.fiona, url=payment.get_absolute_url()).count() == 1
    assert books.breaks() == []


def test_without_keys_nothing_is_offered_online(town):
    with pytest.raises(CannotPay):
        top_up(town)

    assert not Payment.objects.exists()


@pytest.mark.parametrize("amount", [0, -1, 99, 100_000_000])
def test_an_amount_out_of_bounds_opens_nothing(town, peer, amount):
    with pytest.raises(CannotPay):
        top_up(town, amount=amount)

    assert not Payment.objects.exists()
    assert peer.calls == []


def test_the_same_key_is_the_same_payment_and_never_another(town, peer):
    assert top_up(town) == top_up(town)
    with pytest.raises(KeyReused):
        top_up(town, amount=60_000)

    assert len(peer.rows["payment_intent"]) == 1


# --- a line that breaks ----------------------------------------------------------------------------------
@pytest.mark.parametrize("accident", ["before", "after", 500])
def test_an_answer_that_never_came_is_asked_for_again_and_makes_one_payment(town, peer, accident):
    peer.accidents.append(accident)
    payment = top_up(town)
    assert payment.status == Status.CREATED

    payment = look_again(payment)

    assert payment.status == Status.OPEN
    assert len(peer.rows["payment_intent"]) == 1


def test_a_payment_that_the_provider_will_not_take_ends_there(town, peer, settings):
    settings.STRIPE_METHODS = ["alipay", "paypay"]

    payment = top_up(town, "paypay")

    assert (payment.status, payment.reason) == (Status.FAILED, "refused")
    assert purse() == town.purse


def test_lost_post_is_made_up_for_by_asking(town, peer):
    payment = top_up(town)
    peer.pay(payment.provider_id)
    peer.outbox.clear()

    assert look_again(payment).status == Status.PAID
    assert purse() == town.purse + 50_000


@pytest.mark.parametrize("seed", range(4))
def test_doubled_lost_and_mixed_up_post_credits_once(town, peer, seed):
    for n in range(4):
        peer.pay(top_up(town, key=str(n)).provider_id)

    peer.deliver(Chaos(seed, doubled=0.8, lost=0.5))
    read_provider_events()
    peer.resend_lost()
    read_provider_events()

    assert purse() == town.purse + 4 * 50_000
    assert Journal.objects.filter(kind="online-payment").count() == 4
    assert EventReading.objects.count() == ProviderEvent.objects.count()


# --- what is not money -----------------------------------------------------------------------------------
def test_a_declined_payment_moves_nothing(town, peer):
    payment = top_up(town)
    peer.decline(payment.provider_id)

    payment = look_again(payment)

    assert (payment.status, payment.reason) == (Status.FAILED, "declined")
    assert purse() == town.purse


@pytest.mark.parametrize("method", ["alipay", "card"])
def test_what_nobody_paid_in_time_is_closed_at_the_provider_too(town, peer, method):
    payment = end_time(top_up(town, method))

    assert (payment.status, payment.reason, payment.due_at) == (Status.CLOSED, "late", None)
    with pytest.raises(Exception, match="canceled|not open"):
        peer.pay(payment.provider_id)


def test_who_paid_in_the_last_second_has_paid(town, peer):
    payment = top_up(town)
    peer.pay(payment.provider_id)

    assert end_time(payment).status == Status.PAID
    assert purse() == town.purse + 50_000


def test_what_the_firm_cancelled_is_closed_and_says_so(town, peer):
    payment = top_up(town)
    payments.cancel(payment_id=payment.id, by=town.fiona, at=timezone.now())
    attend_payments()

    payment.refresh_from_db()
    assert (payment.status, payment.reason) == (Status.CLOSED, "cancelled")
    with pytest.raises(CannotPay):
        payments.cancel(payment_id=payment.id, by=town.fiona, at=timezone.now())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"amount_received": 49_999}, "other_amount"), ({"currency": "usd"}, "other_currency")],
)
def test_other_money_than_asked_is_parked_and_told_once(town, peer, wrong, reason):
    payment = top_up(town)
    peer.pay(payment.provider_id)
    peer.rows["payment_intent"][payment.provider_id].update(wrong)

    for _again in range(2):
        payment = look_again(payment)

    assert (payment.status, payment.reason) == (Status.PARKED, reason)
    assert (purse(), balance(Kind.PSP, "stripe")) == (town.purse, 0)
    assert Event.objects.filter(name="payment.parked").count() == 1
    assert Notice.objects.filter(user=town.finance, url=payment.get_absolute_url()).count() == 1


# --- the door ------------------------------------------------------------------------------------------
BODY = json.dumps(
    {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"metadata": {"payment": "PM-1"}}}}
).encode()
NO_EVENTS = [b"", b"{}", b"[]", b'"x"', b"\xff\xfe", b'{"id": "evt_1", "type": "x", "data": []}']


# Signed when it is sent: a signature made long before the test would be refused for its age.
BAD_WORDS = {
    "unsigned": lambda: (BODY, ""),
    "empty-signature": lambda: (BODY, "t=,v1="),
    "nonsense": lambda: (BODY, "nonsense"),
    "other-secret": lambda: (BODY, signature(BODY, secret="whsec_other")),
    "old": lambda: (BODY, signature(BODY, at=timezone.now().timestamp() - 301)),
    "altered": lambda: (BODY + b" ", signature(BODY)),
    **{f"no-event-{n}": lambda body=body: (body, signature(body)) for n, body in enumerate(NO_EVENTS)},
}


@pytest.mark.parametrize("word", BAD_WORDS)
def test_what_is_not_the_providers_word_is_refused_once_on_the_record(town, peer, client, word):
    body, header = BAD_WORDS[word]()
    answer = told(client, body, header)

    assert answer.status_code == 400
    assert not ProviderEvent.objects.exists()
    assert Event.objects.filter(name="payment.webhook_refused").count() == 1


def test_the_same_event_twice_is_one_row_and_both_are_answered(town, peer, client):
    answers = [told(client, BODY, signature(BODY)).status_code for _again in range(2)]

    assert answers == [200, 200]
    assert ProviderEvent.objects.get().body == BODY.decode()


def test_an_event_of_nobodys_is_read_and_changes_nothing(town, peer, client):
    told(client, BODY, signature(BODY))

    read_provider_events()

    assert EventReading.objects.get().about == ""
    assert peer.calls == []


def test_without_keys_the_door_is_shut(town, client):
    assert told(client, BODY, signature(BODY)).status_code == 404
