"""The payment provider, as far as we need it: the only place that speaks Stripe. Values in, values out, no rows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache

import stripe
from django.conf import settings
from django.urls import reverse

CURRENCY = "cny"
SECONDS = 10
TOLERANCE = 300
# A page of theirs lives at least so long; ours ends when we say so.
LIFE_OF_A_PAGE = timedelta(hours=23)


class NoAnswer(Exception):
    """Nobody answered, or not now; the same question again is safe."""


class Declined(Exception):
    """The provider will not do this, now or ever; `code` is its own word for why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class BadSignature(Exception):
    """Not the provider's word, or an old one said again."""


class State(StrEnum):
    """Where something stands at the provider."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True)
class Seen:
    """A payment as the provider shows it now; amount in fen of its currency."""

    state: State
    provider_id: str
    amount: int
    currency: str
    intent_id: str = ""
    pay_url: str = ""
    scan_text: str = ""


@dataclass(frozen=True)
class SeenRefund:
    """A refund as the provider shows it now."""

    state: State
    provider_id: str
    failure: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of the provider's account of our money, in fen of its currency."""

    entry_id: str
    kind: str
    about: str
    amount: int
    fee: int
    currency: str
    booked_at: datetime


@dataclass(frozen=True)
class Heard:
    """An event of the provider's: its number, its kind, and the public code it carries."""

    event_id: str
    kind: str
    about: str


def is_on() -> bool:
    """Whether this city has an account with the provider."""
    return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET)


def methods() -> list[str]:
    """What can be paid with online, in the order offered; nothing without keys."""
    return list(settings.STRIPE_METHODS) if is_on() else []


# --- payments ------------------------------------------------------------------------------------------
def start(payment) -> Seen:
    """Ask for the page or the code to pay this with. The same payment again is answered with the same one."""
    with _spoken() as v1:
        options = {"idempotency_key": payment.code}
        if payment.method == "card":
            return _page(v1.checkout.sessions.create(_page_wish(payment), options))
        return _intent(v1.payment_intents.create(_intent_wish(payment), options))


def look(payment) -> Seen:
    """Where this payment stands now."""
    with _spoken() as v1:
        if payment.method == "card":
            return _page(v1.checkout.sessions.retrieve(payment.provider_id, {"expand": ["payment_intent"]}))
        return _intent(v1.payment_intents.retrieve(payment.provider_id))


def close(payment) -> Seen:
    """Nobody shall pay this any more; if somebody just did, that is what is seen."""
    try:
        with _spoken() as v1:
            if payment.method == "card":
                return _page(v1.checkout.sessions.expire(payment.provider_id))
            return _intent(v1.payment_intents.cancel(payment.provider_id))
    except Declined:
        return look(payment)


def _page_wish(payment) -> dict:
    price = {"currency": CURRENCY, "unit_amount": payment.amount, "product_data": {"name": payment.code}}
    return {
        "mode": "payment",
        "payment_method_types": [payment.method],
        "line_items": [{"price_data": price, "quantity": 1}],
        "client_reference_id": payment.code,
        "metadata": {"payment": payment.code},
        "payment_intent_data": {"metadata": {"payment": payment.code}},
        "expires_at": int((payment.created_at + LIFE_OF_A_PAGE).timestamp()),
        "success_url": _way_back(payment),
        "cancel_url": _way_back(payment),
    }


def _intent_wish(payment) -> dict:
    wish = {
        "amount": payment.amount,
        "currency": CURRENCY,
        "payment_method_types": [payment.method],
        "payment_method_data": {"type": payment.method},
        "metadata": {"payment": payment.code},
        "confirm": True,
        "return_url": _way_back(payment),
    }
    if payment.method == "wechat_pay":
        wish["payment_method_options"] = {"wechat_pay": {"client": "web"}}
    return wish


def _way_back(payment) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse("payments:detail", args=[payment.code])


def _page(session) -> Seen:
    intent = session.payment_intent
    if session.payment_status == "paid":
        # What came counts, not what the page asked for: a page may take other currencies.
        return replace(_intent(intent), provider_id=session.id)
    return Seen(
        state=State.CLOSED if session.status == "expired" else State.OPEN,
        provider_id=session.id,
        amount=session.amount_total,
        currency=session.currency,
        pay_url=session.url or "",
    )


def _intent(intent) -> Seen:
    states = {
        "succeeded": State.DONE,
        "canceled": State.CLOSED,
        # We confirm at once, so nothing is left to choose but after a refusal.
        "requires_payment_method": State.FAILED,
    }
    state = states.get(intent.status, State.OPEN)
    action = intent.next_action
    kind = action.type if action else ""
    return Seen(
        state=state,
        provider_id=intent.id,
        amount=intent.amount_received if state == State.DONE else intent.amount,
        currency=intent.currency,
        intent_id=intent.id,
        pay_url=getattr(action, kind).url if kind in ("alipay_handle_redirect", "redirect_to_url") else "",
        scan_text=action.wechat_pay_display_qr_code.data if kind == "wechat_pay_display_qr_code" else "",
    )


# --- refunds -------------------------------------------------------------------------------------------
def refund(refund) -> SeenRefund:
    """Give this much back. The same round of the same refund is answered with the same one."""
    wish = {
        "payment_intent": refund.payment.intent_id,
        "amount": refund.amount,
        "metadata": {"refund": refund.code, "round": refund.round},
    }
    with _spoken() as v1:
        # Keys are forgotten after a day, and the answer to an earlier try may have been lost before.
        return _refund(
            _sent_before(v1, refund)
            or v1.refunds.create(wish, {"idempotency_key": f"{refund.code}-{refund.round}"})
        )


def _sent_before(v1, refund):
    if refund.tries <= 1:
        return None
    said = {"refund": refund.code, "round": str(refund.round)}
    sent = v1.refunds.list({"payment_intent": refund.payment.intent_id, "limit": 100})
    return next((row for row in sent.auto_paging_iter() if row.metadata.to_dict() == said), None)


def look_at_refund(refund) -> SeenRefund:
    """Where this refund stands now."""
    with _spoken() as v1:
        return _refund(v1.refunds.retrieve(refund.provider_id))


def _refund(row) -> SeenRefund:
    states = {"succeeded": State.DONE, "failed": State.FAILED, "canceled": State.FAILED}
    return SeenRefund(states.get(row.status, State.OPEN), row.id, getattr(row, "failure_reason", None) or "")


# --- their account -------------------------------------------------------------------------------------
def entries(since: datetime) -> Iterator[Entry]:
    """Every line of the provider's account since then, the newest first."""
    wish = {"created": {"gte": int(since.timestamp())}, "limit": 100, "expand": ["data.source"]}
    with _spoken() as v1:
        for row in v1.balance_transactions.list(wish).auto_paging_iter():
            yield Entry(
                row.id,
                row.type,
                getattr(row.source, "payment_intent" if row.type in ("charge", "payment") else "id", "")
                or "",
                row.amount,
                row.fee,
                row.currency,
                moment(row.created),
            )


# --- what the provider tells by itself -------------------------------------------------------------------
def hear(body: bytes, signature: str) -> Heard:
    """Whose event this is. Raises BadSignature when it is not the provider's, or older than five minutes."""
    try:
        stripe.WebhookSignature.verify_header(body, signature, settings.STRIPE_WEBHOOK_SECRET, TOLERANCE)
        event = json.loads(body)
        about = event["data"]["object"].get("metadata") or {}
        return Heard(event["id"], event["type"], str(about.get("refund") or about.get("payment") or ""))
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise BadSignature(type(wrong).__name__) from wrong


# --- the line --------------------------------------------------------------------------------------------
@cache
def _client(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        http_client=stripe.RequestsClient(timeout=SECONDS),
        # Rows are asked again by their sweep.
        max_network_retries=0,
    )


@contextmanager
def _spoken() -> Iterator:
    """The provider's interface, with its errors in our two words."""
    try:
        yield _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE).v1
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as refused:
        raise Declined(refused.code or type(refused).__name__) from refused
    except stripe.StripeError as failure:
        raise NoAnswer(type(failure).__name__) from failure


def moment(seconds: int) -> datetime:
    """A time of theirs."""
    return datetime.fromtimestamp(seconds, UTC)
