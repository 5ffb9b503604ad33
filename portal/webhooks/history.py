"""Where a firm's news went: which address heard of what; no key that signs, and not how far it has heard."""

from portal.shell import tenancy
from portal.shell.history import versions_of
from portal.webhooks.models import WebhookEndpoint

NOT_KEPT = ["secret", "old_secret", "seals_up_to", "failing_since"]


class WebhookEndpointVersion(versions_of(WebhookEndpoint, exclude=NOT_KEPT)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
