"""What somebody is typing: sealed, for them alone, until it is sent or they are back on its page after the stay ended."""

import json
import time
from urllib.parse import urlsplit

from django.core.cache import caches

from portal import crypto
from portal.entrance import stays

SECONDS = 12 * 3600
MOST_CHARACTERS = 100_000
# So soon after signing in somebody is on the way back.
BACK_SECONDS = 10 * 60


def keep(request, user) -> None:
    """Lay by the fields of a form, its page and where it is sent to; nothing that is longer than a form may be."""
    fields = dict(request.POST.lists())
    fields.pop("csrfmiddlewaretoken", None)
    page = request.GET.get("page") or urlsplit(request.headers.get("Referer", "")).path
    text = json.dumps({"page": page, "sent_to": request.GET.get("sent_to") or request.path, "fields": fields})
    if fields and len(text) <= MOST_CHARACTERS:
        caches["passing"].set(_key(user), crypto.seal(text, _key(user)), SECONDS)


def forget(user) -> None:
    """It was sent."""
    caches["passing"].delete(_key(user))


def give_back(request) -> dict | None:
    """What belongs into a form of this page, once."""
    user = request.user
    if not stays.is_recent(request.session, time.time(), BACK_SECONDS) or not (
        sealed := caches["passing"].get(_key(user))
    ):
        return None
    kept = json.loads(crypto.unseal(sealed, _key(user)))
    if kept["page"] != request.path:
        return None
    forget(user)
    return kept


def _key(user) -> str:
    return f"typed:{user.pk}"
