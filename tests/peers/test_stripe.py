"""The local payment provider behaves like the real one where it matters: it refuses, it remembers, it signs."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import stripe

from tests.peers.stripe import KEY, SECRET, Chaos, Peer


@pytest.fixture
def peer():
    with Peer() as peer:
        yield peer


@pytest.fixture
def client(peer):
    return stripe.StripeClient(KEY, base_addresses={"api": peer.url}, max_network_retries=0)


def intent(client, *, method="alipay", amount=10_000, key=None, currency="cny", **more):
    params = {
        "amount": amount,
        "currency": currency,
        "payment_method_types": [method],
        "payment_method_data": {"type": method},
        "confirm": True,
        "return_url": "https://compute.example/back",
        "metadata": {"payment": "PM-1"},
    } | more
    return client.v1.payment_intents.create(params, {"idempotency_key": key} if key else {})


def card(client, token, amount=10_000):
    made = client.v1.payment_intents.create({"amount": amount, "currency": "cny"})
    return client.v1.payment_intents.confirm(made.id, {"payment_method": token})


def session(client, **more):
    price = {"currency": "cny", "unit_amount": 5_000, "product_data": {"name": "充值"}}
    params = {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": "https://compute.example/back",
        "client_reference_id": "PM-1",
    }
    return client.v1.checkout.sessions.create(params | more)


def test_alipay_sends_the_payer_away_and_is_paid_when_they_paid(peer, client):
    made = intent(client)

    assert (made.status, made.next_action.type) == ("requires_action", "alipay_handle_redirect")
    peer.pay(made.id)
    paid = client.v1.payment_intents.retrieve(made.id, {"expand": ["latest_charge.balance_transaction"]})
    assert (paid.status, paid.amount_received) == ("succeeded", 10_000)
    entry = paid.latest_charge.balance_transaction
    assert (entry.type, entry.amount, entry.fee, entry.net) == ("payment", 10_000, 220, 9_780)


def test_wechat_pay_shows_what_to_scan(client):
    made = intent(client, method="wechat_pay", payment_method_options={"wechat_pay": {"client": "web"}})

    assert made.next_action.wechat_pay_display_qr_code.data.startswith("weixin://")


def test_a_card_is_charged_or_declined(client):
    assert card(client, "pm_card_visa").status == "succeeded"
    with pytest.raises(stripe.CardError) as declined:
        card(client, "pm_card_chargeDeclined")
    assert declined.value.code == "card_declined"


def test_a_checkout_page_is_paid_once_and_cannot_expire_then(peer, client):
    made = session(client)

    peer.pay(made.id)

    seen = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (seen.status, seen.payment_status, seen.payment_intent.status) == ("complete", "paid", "succeeded")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(made.id)


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": 10.5}, "amount"),
        ({"currency": "xxx"}, "currency"),
        ({"method": "paypay"}, "payment_method_types"),
        ({"colour": "red"}, "colour"),
        ({"method": "wechat_pay"}, "payment_method_options[wechat_pay][client]"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_made(peer, client, wish, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        intent(client, **wish)

    assert refused.value.param == param
    assert not peer.rows.get("payment_intent")


def test_a_strangers_key_opens_nothing(peer):
    stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": peer.url}, max_network_retries=0)

    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.balance_transactions.list()


def test_the_same_key_gives_the_same_answer_and_other_words_are_refused(peer, client):
    first, again = intent(client, key="PM-1"), intent(client, key="PM-1")

    assert first.id == again.id
    with pytest.raises(stripe.IdempotencyError):
        intent(client, key="PM-1", amount=20_000)
    assert len(peer.rows["payment_intent"]) == 1


def test_an_answer_lost_on_the_way_is_had_again_with_the_same_key(peer, client):
    peer.accidents.append("after")
    with pytest.raises(stripe.APIConnectionError):
        intent(client, key="PM-1")

    assert intent(client, key="PM-1").id == next(iter(peer.rows["payment_intent"]))


def test_parts_are_refunded_up_to_what_was_taken_and_not_a_fen_more(peer, client):
    made = card(client, "pm_card_visa")
    client.v1.refunds.create({"payment_intent": made.id, "amount": 6_000})

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": made.id, "amount": 4_001})
    client.v1.refunds.create({"payment_intent": made.id, "amount": 4_000})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": made.id})

    assert refused.value.code == "charge_already_refunded"
    assert sum(row["amount"] for row in peer.rows["refund"].values()) == 10_000


def test_what_nobody_paid_is_not_refunded(client):
    made = intent(client)

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": made.id})


def test_a_wallets_refund_waits_and_may_fail(peer, client):
    made = intent(client)
    peer.pay(made.id)
    refund = client.v1.refunds.create({"payment_intent": made.id, "amount": 1_000})
    assert refund.status == "pending"

    peer.finish_refund(refund.id, fails=True)

    assert client.v1.refunds.retrieve(refund.id).status == "failed"
    assert client.v1.refunds.create({"payment_intent": made.id, "amount": 10_000}).amount == 10_000


def test_what_is_cancelled_is_not_paid_and_what_is_paid_not_cancelled(peer, client):
    one, other = intent(client), intent(client)
    client.v1.payment_intents.cancel(one.id)
    peer.pay(other.id)

    with pytest.raises(Exception, match="canceled"):
        peer.pay(one.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.cancel(other.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_payout_carries_everything_since_the_last_one(peer, client):
    peer.pay(intent(client).id)
    refund = card(client, "pm_card_visa", 5_000)
    client.v1.refunds.create({"payment_intent": refund.id, "amount": 1_000})

    payout = peer.pay_out()

    inside = list(
        client.v1.balance_transactions.list({"payout": payout["id"], "limit": 2}).auto_paging_iter()
    )
    assert payout["amount"] == 9_780 + 4_830 - 1_000
    assert sum(entry.net for entry in inside) == 0
    assert peer.pay_out() is None


def test_events_are_listed_and_arrive_signed_whatever_the_weather(peer, client):
    heard = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stripe.WebhookSignature.verify_header(body, self.headers["Stripe-Signature"], SECRET, 300)
            heard.append(json.loads(body)["id"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words):
            pass

    hook = HTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=hook.serve_forever, args=(0.05,), daemon=True).start()
    peer.webhook_url = f"http://127.0.0.1:{hook.server_port}/"
    for _each in range(5):
        peer.pay(intent(client).id)
    sent = [event["id"] for event in peer.outbox]

    peer.deliver(Chaos(seed=4))
    before = list(heard)
    peer.resend_lost()
    hook.shutdown()
    hook.server_close()

    assert set(before) < set(sent) and set(heard) == set(sent)
    assert len(heard) > len(sent) and heard != sorted(heard)
    assert {event.id for event in client.v1.events.list({"limit": 100})} == set(sent)
