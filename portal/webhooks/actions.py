"""Telling other systems."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.audit import actions as audit
from portal.audit.models import Seal
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import outbound
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.sweeps import wait_after
from portal.webhooks import signatures
from portal.webhooks.events import EVENTS, TEST, body_of, test_body
from portal.webhooks.models import OVERLAP, WebhookAttempt, WebhookDelivery, WebhookEndpoint

# Longer than a call may take: who took a message and has noted nothing by then is dead.
LEASE = timedelta(minutes=5)
PATIENCE = timedelta(days=5)
MOST = 10
ANSWER = 1024
GONE = 410
STOPPED = gettext_noop("Webhook %(url)s 已自动停用，请检查接收端后重新启用")


class CannotListen(Refusal):
    """This address cannot hear from us, or not in this way."""

    code = "cannot_listen"


class NotListening(Refusal):
    """An address that is switched off or removed is sent nothing."""

    status = 409
    code = "not_listening"


# --- who listens ---------------------------------------------------------------------------------------
def create(*, organization, url, events, by, at) -> tuple[WebhookEndpoint, str]:
    """Let another system hear of these events from now on; its secret is returned once and never again."""
    _check(url, events)
    secret = signatures.new_secret()
    with transaction.atomic():
        if WebhookEndpoint.objects.of(organization).count() >= MOST:
            raise CannotListen(
                _("每个单位最多 %(most)s 个接收地址，请先删除不用的。") % {"most": MOST}, field="url"
            )
        endpoint = WebhookEndpoint.objects.create(
            code=new_code("WH"),
            organization=organization,
            url=url,
            events=sorted(events),
            secret=secret,
            seals_up_to=_head(),
            created_by=by,
            created_at=at,
        )
        audit.record(endpoint, "webhook.created", by=by, url=url, events=endpoint.events)
    return endpoint, secret


def revise(*, endpoint_id, url, events, by, at) -> WebhookEndpoint:
    """Send to another address or of other events, with the same secret; what waits goes there, too.

    Saying what stands already changes nothing.
    """
    _check(url, events)
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.locked(endpoint_id)
        before = {"url": endpoint.url, "events": endpoint.events}
        after = {"url": url, "events": sorted(events)}
        if after != before:
            endpoint.url, endpoint.events = after["url"], after["events"]
            if url != before["url"]:
                endpoint.failing_since = None
            endpoint.save(update_fields=["url", "events", "failing_since"])
            audit.record(endpoint, "webhook.revised", by=by, before=before, after=after)
    return endpoint


def rotate(*, endpoint_id, by, at) -> tuple[WebhookEndpoint, str]:
    """Give an address another secret; for a day both sign, so that no message is refused meanwhile."""
    secret = signatures.new_secret()
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.locked(endpoint_id)
        before = endpoint.old_secret_until
        endpoint.old_secret, endpoint.secret = endpoint.secret, secret
        endpoint.old_secret_until = at + OVERLAP
        endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
        audit.record(
            endpoint,
            "webhook.rotated",
            by=by,
            before={"old_secret_until": before and before.isoformat()},
            after={"old_secret_until": endpoint.old_secret_until.isoformat()},
        )
    return endpoint, secret


def switch_off(*, endpoint_id, reason, by, at) -> WebhookEndpoint:
    """Send nothing there any more. Saying it twice changes nothing."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.locked(endpoint_id)
        if endpoint.disabled_at is None:
            endpoint.disabled_at, endpoint.disabled_reason = at, reason
            endpoint.save(update_fields=["disabled_at", "disabled_reason"])
            audit.record(
                endpoint,
                "webhook.switched_off",
                by=by,
                before={"disabled_reason": ""},
                after={"disabled_reason": reason},
            )
            if by is None:
                notices.notify(
                    kind=Notice.Kind.SYSTEM,
                    sentence=STOPPED,
                    values={"url": endpoint.url},
                    url="/webhooks/",
                    at=at,
                    organization=endpoint.organization,
                    action="webhooks.manage",
                )
    return endpoint


def switch_on(*, endpoint_id, by, at) -> WebhookEndpoint:
    """Send there again what was waiting and what happens from now; what happened meanwhile it will not hear of."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.locked(endpoint_id)
        if endpoint.disabled_at is not None:
            before = endpoint.disabled_reason
            endpoint.disabled_at, endpoint.disabled_reason, endpoint.failing_since = None, "", None
            endpoint.seals_up_to = _head()
            endpoint.save(update_fields=["disabled_at", "disabled_reason", "failing_since", "seals_up_to"])
            audit.record(
                endpoint,
                "webhook.switched_on",
                by=by,
                before={"disabled_reason": before},
                after={"disabled_reason": ""},
            )
    return endpoint


def remove(*, endpoint_id, by, at) -> WebhookEndpoint:
    """Forget an address; its log stays. Saying it twice changes nothing."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.locked(endpoint_id)
        if endpoint.removed_at is None:
            endpoint.removed_at = at
            endpoint.save(update_fields=["removed_at"])
            audit.record(
                endpoint,
                "webhook.removed",
                by=by,
                url=endpoint.url,
                before={"removed_at": None},
                after={"removed_at": at.isoformat()},
            )
    return endpoint


# --- what they hear ------------------------------------------------------------------------------------
def fan_out(*, endpoint_id, at, limit) -> int:
    """Write a message for each chosen event that this address has not heard of. How many; safe to run twice.

    Followed are the seals, not the events: one sealer at a time numbers them, so none appears behind the watermark.
    """
    with transaction.atomic():
        endpoint = (
            WebhookEndpoint.objects.listening()
            .select_for_update(no_key=True, of=("self",), skip_locked=True)
            .filter(id=endpoint_id)
            .first()
        )
        if endpoint is None:
            return 0
        head = _head()
        fresh = list(
            Seal.objects.filter(
                id__gt=endpoint.seals_up_to,
                id__lte=head,
                event__organization_id=endpoint.organization_id,
                event__name__in=endpoint.events,
            )
            .select_related("event__organization")
            .order_by("id")[:limit]
        )
        WebhookDelivery.objects.bulk_create(
            [
                WebhookDelivery(
                    code=new_code("MSG"),
                    endpoint=endpoint,
                    event_number=seal.event_id,
                    type=seal.event.name,
                    body=body_of(seal.event),
                    created_at=at,
                    due_at=at,
                )
                for seal in fresh
            ],
        )
        endpoint.seals_up_to = fresh[-1].id if len(fresh) == limit else head
        endpoint.save(update_fields=["seals_up_to"])
    return len(fresh)


def test(*, endpoint_id, by, at) -> WebhookDelivery:
    """Send something harmless, so that its owner sees whether it arrives."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.locked(endpoint_id)
        _refuse_silent(endpoint)
        delivery = WebhookDelivery.objects.create(
            code=new_code("MSG"),
            endpoint=endpoint,
            type=TEST,
            body=test_body(endpoint, at),
            created_at=at,
            due_at=at,
        )
        audit.record(endpoint, "webhook.tested", by=by, message=delivery.code)
    return delivery


def resend(*, delivery_id, by, at) -> WebhookDelivery:
    """Send a message once more, under the same code, so that its reader knows it again."""
    with transaction.atomic():
        delivery = (
            WebhookDelivery.objects.select_for_update(no_key=True, of=("self",))
            .select_related("endpoint__organization")
            .get(id=delivery_id)
        )
        _refuse_silent(delivery.endpoint)
        before = delivery.due_at
        delivery.due_at = at
        delivery.save(update_fields=["due_at"])
        audit.record(
            delivery.endpoint,
            "webhook.resent",
            by=by,
            message=delivery.code,
            before={"due_at": before and before.isoformat()},
            after={"due_at": at.isoformat()},
        )
    return delivery


# --- on its way ----------------------------------------------------------------------------------------
def take(*, at, without=()) -> WebhookDelivery | None:
    """The next message that is due, for five minutes nobody else's; not to the addresses that just failed."""
    with transaction.atomic():
        delivery = (
            WebhookDelivery.objects.due(at)
            .exclude(endpoint_id__in=without)
            .select_for_update(no_key=True, of=("self",), skip_locked=True)
            .select_related("endpoint")
            .first()
        )
        if delivery is not None:
            delivery.due_at = at + LEASE
            delivery.tries += 1
            delivery.save(update_fields=["due_at", "tries"])
    return delivery


def note(*, delivery, status, milliseconds, answer, at) -> bool:
    """Write down what a try came to, and what follows: done, later again, or never there again. Did it arrive?"""
    has_arrived = status is not None and 200 <= status < 300
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.locked(delivery.endpoint_id)
        row = WebhookDelivery.objects.select_for_update(no_key=True, of=("self",)).get(id=delivery.id)
        WebhookAttempt.objects.create(
            delivery=row, at=at, status=status, milliseconds=milliseconds, answer=answer[:ANSWER]
        )
        # A sender that slept past its lease must not overwrite what the next one noted.
        if row.tries != delivery.tries:
            return has_arrived
        row.last_status = status
        if has_arrived:
            row.due_at, row.delivered_at = None, at
            endpoint.failing_since = None
        else:
            wait = wait_after(row.tries)
            is_last = status == GONE or row.event_number is None or wait is None
            row.due_at = None if is_last else at + wait
            endpoint.failing_since = endpoint.failing_since or at
        row.save(update_fields=["due_at", "delivered_at", "last_status"])
        endpoint.save(update_fields=["failing_since"])
        if status == GONE:
            switch_off(endpoint_id=endpoint.id, reason=WebhookEndpoint.Reason.GONE, by=None, at=at)
        elif endpoint.failing_since and at - endpoint.failing_since >= PATIENCE:
            switch_off(endpoint_id=endpoint.id, reason=WebhookEndpoint.Reason.FAILING, by=None, at=at)
    return has_arrived


def _check(url, events):
    outbound.check(url)
    if not events or not set(events) <= set(EVENTS):
        raise CannotListen(_("请至少选择一种事件。"), field="events")


def _head() -> int:
    return Seal.objects.aggregate(last=Max("id"))["last"] or 0


def _refuse_silent(endpoint):
    if endpoint.disabled_at or endpoint.removed_at:
        raise NotListening(_("该接收地址已停用，请先启用。"))
