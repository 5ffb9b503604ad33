"""Time tells other systems what happened."""

import time

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from portal.shell import outbound
from portal.shell.sweeps import BATCH, each
from portal.webhooks import actions as webhooks
from portal.webhooks.models import WebhookEndpoint
from portal.webhooks.signatures import sign

SECONDS_PER_CALL = 5
SECONDS_PER_SWEEP = 60


@shared_task
def fan_out_events():
    """Write a message for every chosen event of the record to every address that listens."""
    ids = list(WebhookEndpoint.objects.listening().values_list("id", flat=True))
    each(ids, lambda id: webhooks.fan_out(endpoint_id=id, at=timezone.now(), limit=BATCH))


@shared_task
def send_webhooks():
    """Send what is due. An address that fails waits for the next sweep, so that it holds up nobody else's."""
    end = time.monotonic() + SECONDS_PER_SWEEP
    failed: set[int] = set()
    while time.monotonic() < end:
        delivery = webhooks.take(at=timezone.now(), without=failed)
        if delivery is None:
            return
        if not send(delivery):
            failed.add(delivery.endpoint_id)


def send(delivery) -> bool:
    """One try, and its note. Killed in between, the message goes out a second time under the same code."""
    started = time.monotonic()
    timestamp = int(timezone.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"PublicCompute-Webhooks ({settings.PUBLIC_URL})",
        "webhook-id": delivery.code,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(
            delivery.endpoint.keys(timezone.now()), delivery.code, timestamp, delivery.body
        ),
    }
    try:
        answer = outbound.fetch(
            "POST",
            delivery.endpoint.url,
            content=delivery.body.encode(),
            headers=headers,
            seconds=SECONDS_PER_CALL,
        )
        status, words = answer.status, answer.body[: webhooks.ANSWER].decode("utf-8", "replace")
    except (outbound.NoAnswer, outbound.ForbiddenAddress) as failure:
        status, words = None, str(failure)
    return webhooks.note(
        delivery=delivery,
        status=status,
        milliseconds=int((time.monotonic() - started) * 1000),
        answer=words.replace("\x00", ""),
        at=timezone.now(),
    )
