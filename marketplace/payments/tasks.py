"""Payments go to the provider and come back by sweeps; no request of a visitor waits for it."""

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.utils.timezone import now

from marketplace.payments import actions as payments
from marketplace.payments import clearing, refunds
from marketplace.payments import stripe_gateway as gateway
from marketplace.payments.models import Payment, ProviderEntry, ProviderEvent, Refund
from marketplace.payments.queries import given_up, overpaid
from marketplace.payments.stripe_gateway import State
from portal.approvals.queries import words_on
from portal.shell.sweeps import BATCH, each

log = logging.getLogger(__name__)
SECONDS_PER_SWEEP = 60
OVERLAP = timedelta(days=3)


@shared_task
def read_provider_events():
    """Let every event say whom to ask about, and ask."""
    rows = ProviderEvent.objects.unread().order_by("id")[:BATCH]
    if each(rows, lambda event: payments.read(event_id=event.id, at=now())):
        attend_payments()
        attend_refunds()


@shared_task
def attend_payments():
    """Begin at the provider what firms opened, ask about what is open, close what nobody paid in time."""
    _attend_all(payments.take, _attend_payment)


@shared_task
def follow_refund_approvals():
    """Let go or drop the refunds that a second person decided on."""

    def follow(word):
        if word.is_agreed:
            refunds.agree(refund_id=word.subject.id, by=word.by, at=now())
        else:
            refunds.refuse(refund_id=word.subject.id, by=word.by, reason=word.reason)

    each(words_on(refunds.APPROVAL_KIND, Refund.objects.filter(status=Refund.Status.ASKED)), follow)


@shared_task
def end_payments_of_orders():
    """Whoever gave an order up is not asked to pay for it any more."""
    rows = given_up(at=now())[:BATCH]
    each(rows, lambda payment: payments.stop_waiting(payment_id=payment.id, at=now()))


@shared_task
def attend_refunds():
    """Send what is due to the provider, and ask about what is on its way."""
    each(overpaid(), lambda payment: refunds.give_back(payment_id=payment.id, at=now()))
    _attend_all(refunds.take, _attend_refund)


def _attend_all(take, attend):
    end = time.monotonic() + SECONDS_PER_SWEEP
    while time.monotonic() < end and (row := take(at=now())):
        try:
            attend(row, now())
        except Exception:
            log.exception("sweep failed on %s", row.code)


def _attend_refund(refund, at) -> None:
    try:
        seen = gateway.look_at_refund(refund) if refund.provider_id else gateway.refund(refund)
    except gateway.NoAnswer:
        refunds.postpone(refund_id=refund.id, at=at)
    except gateway.Declined as declined:
        refunds.decline(refund_id=refund.id, failure=declined.code, at=at)
    else:
        refunds.note(refund_id=refund.id, seen=seen, at=at)


def _attend_payment(payment, at) -> None:
    """One payment, once: what the provider shows is written down, whatever we thought before."""
    is_over = payment.pay_by <= at
    if not payment.provider_id and (is_over or not payment.is_online):
        payments.give_up(payment_id=payment.id, reason=Payment.Reason.LATE, at=at)
        return
    try:
        seen = gateway.look(payment) if payment.provider_id else gateway.start(payment)
        if seen.state == State.OPEN and is_over:
            seen = gateway.close(payment)
    except gateway.NoAnswer:
        payments.postpone(payment_id=payment.id, at=at)
    except gateway.Declined as declined:
        log.warning("payment %s declined by the provider: %s", payment.code, declined.code)
        payments.give_up(payment_id=payment.id, reason=Payment.Reason.REFUSED, at=at)
    else:
        payments.note(payment_id=payment.id, seen=seen, at=at)


@shared_task
def reconcile_with_provider():
    """Take the provider's account over and hold the books against it. Safe to run twice, safe to miss a beat."""
    if not gateway.is_on():
        return
    at = now()
    last = ProviderEntry.objects.order_by("-booked_at").values_list("booked_at", flat=True).first()
    # Some days again each time: a line may appear late, and an altered one must be seen.
    since = last - OVERLAP if last else at - clearing.WINDOW
    clearing.take_entries(list(gateway.entries(since)), at=at)
    clearing.compare(at=at)
