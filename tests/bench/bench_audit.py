"""How fast the record is verified: our walk over a million events, and the plain ORM loop it replaces."""

import argparse
import hashlib
import json
import os
import sys
import time

from config.embedded.throwaway import Throwaway
from tests.bench.house import prepare

SECONDS_FOR_A_MILLION = 60
FILL = """
INSERT INTO portal_event (happened_at, name, subject_type, subject_code, request_id, details)
SELECT now() - (%(count)s - n) * interval '1 second', 'order.placed', 'order', 'OD261121-' || n, md5(n::text),
    jsonb_build_object('amount', n, 'plan', 'unicom-h800', 'before', '{"status": "pending"}'::jsonb,
        'after', '{"status": "confirmed", "note": "审批通过"}'::jsonb)
FROM generate_series(1, %(count)s) n
"""


def fill(count):
    """Events as the product writes them, sealed by the product's own sealer."""
    from django.db import connection

    from portal.audit import actions as audit

    with connection.cursor() as cursor:
        cursor.execute(FILL, {"count": count})
        cursor.execute("ANALYZE portal_event")
    while audit.seal(limit=20_000):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE portal_seal")


def plain(count):
    """Rows as objects, canonical text as sorted JSON made in Python: the loop that this room began with."""
    from portal.audit.models import Seal

    previous = "0" * 64
    rows = Seal.objects.order_by("chain", "position").select_related("event")[:count]
    for link in rows.iterator(chunk_size=2000):
        event = link.event
        body = {
            "id": event.id, "happened_at": event.happened_at.isoformat(), "name": event.name,
            "subject": [event.subject_type, event.subject_code], "organization": event.organization_id,
            "actor": event.actor_id, "request_id": event.request_id, "details": event.details,
        }  # fmt: skip
        text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        previous = hashlib.new("sm3", previous.encode() + text.encode()).hexdigest()


def main(count):
    from portal.audit import queries

    began = time.perf_counter()
    fill(count)
    sealing = time.perf_counter() - began
    began = time.perf_counter()
    found = queries.breaks()
    ours = (time.perf_counter() - began) / count
    sample = min(count, 100_000)
    began = time.perf_counter()
    plain(sample)
    theirs = (time.perf_counter() - began) / sample
    million = ours * 1_000_000
    print(f"written and sealed: {count:,} events in {sealing:.1f} s")
    print(f"verified: {ours * 1e6:.1f} µs an event, {million:.1f} s for a million; breaks: {len(found)}")
    print(f"plain loop: {theirs * 1e6:.1f} µs an event; ours is {theirs / ours:.1f} times as fast")
    return 0 if not found and million <= SECONDS_FOR_A_MILLION else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    count = parser.parse_args().events
    with Throwaway() as servers:
        os.environ.update(prepare(servers) | {"DJANGO_SETTINGS_MODULE": "config.settings"})
        import django

        from portal.shell import tenancy

        django.setup()
        tenancy.work_for_the_city()
        sys.exit(main(count))
