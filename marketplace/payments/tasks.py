"""Payments go to the provider and come back by sweeps; no request of a visitor waits for it."""

import logging
import time

from celery import shared_task
from django.utils.timezone import now

from marketplace.payments import actions as payments
from marketplace.payments import stripe_gateway as gateway
from marketplace.payments.models import Payment, ProviderEvent
from marketplace.payments.stripe_gateway import State
from portal.shell.sweeps import BATCH, each

log = logging.getLogger(__name__)
SECONDS_PER_SWEEP = 60


@shared_task
def read_provider_events():
    """Let every event say whom to ask about, and ask."""
    rows = ProviderEvent.objects.unread().order_by("id")[:BATCH]
    if each(rows, lambda event: payments.read(event_id=event.id, at=now())):
        attend_payments()


@shared_task
def attend_payments():
    """Begin at the provider what firms opened, ask about what is open, close what nobody paid in time."""
    end = time.monotonic() + SECONDS_PER_SWEEP
    while time.monotonic() < end and (payment := payments.take(at=now())):
        try:
            attend(payment, now())
        except Exception:
            log.exception("sweep failed on %s", payment.code)


def attend(payment, at) -> None:
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
