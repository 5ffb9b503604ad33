"""The log of requests: noted in Redis beside the answer, written down by a task, kept for thirty days."""

import json
import logging
from datetime import timedelta
from typing import cast

import redis
from django.db import DatabaseError

from portal.developers.models import ApiCall
from portal.shell import limits

QUEUE, BATCH, MOST_WAITING = "api-calls", 500, 100_000
KEPT = timedelta(days=30)
log = logging.getLogger(__name__)


def note(**facts) -> None:
    """Remember a request for the log. Where nobody can, the answer goes out all the same."""
    try:
        with limits.server().pipeline(transaction=False) as pipe:
            pipe.rpush(QUEUE, json.dumps(facts, default=str))
            # When nobody writes them down, the oldest give way.
            pipe.ltrim(QUEUE, -MOST_WAITING, -1)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("a request is not on its owner's log: %s", error)


def write_down() -> int:
    """Turn the requests that wait into rows, a batch at a time. How many; two at once share them."""
    written = 0
    while batch := cast(list[bytes], limits.server().lpop(QUEUE, BATCH)):
        try:
            ApiCall.objects.bulk_create([ApiCall(**json.loads(facts)) for facts in batch])
        except DatabaseError:
            limits.server().lpush(QUEUE, *reversed(batch))
            raise
        written += len(batch)
    return written


def forget(*, at) -> int:
    """Thirty days are enough. How many were forgotten."""
    return ApiCall.objects.filter(at__lt=at - KEPT).delete()[0]
