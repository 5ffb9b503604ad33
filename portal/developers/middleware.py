"""What a program asked and heard, for its owner's log."""

import time

from django.utils import timezone

from portal.developers import actions as developers
from portal.shell import limits


class CallsNoted:
    """Every answer to somebody who showed a key of ours, refused or not; the answer waits for no row."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        started = time.perf_counter()
        response = self.get_response(request)
        if key := getattr(request, "shown_key", None):
            developers.note(
                at=timezone.now().isoformat(),
                user_id=key.person_id,
                organization_id=key.organization_id,
                key=key.code,
                key_name=key.name,
                method=request.method[:8],
                route=request.resolver_match.route[:120] if request.resolver_match else "",
                status=response.status_code,
                milliseconds=round((time.perf_counter() - started) * 1000),
                request_id=request.id,
                is_replayed="Idempotent-Replayed" in response,
                address=limits.address_of(request),
            )
        return response
