"""A nudge spares people the wait for the beat; nothing depends on it."""

import logging
from functools import partial

from django.db import transaction

log = logging.getLogger(__name__)


def _send(task):
    try:
        task.apply_async(retry=False)
    except Exception as reason:  # the broker may be down; the beat will find the row
        log.warning("nudge of %s did not arrive: %s", task.name, reason)


def nudge(task):
    """Ask for a sweep once this transaction is committed."""
    transaction.on_commit(partial(_send, task))
