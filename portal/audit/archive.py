"""Carrying old events out of the table, so that what stays can still be proved. Only the owner of the tables can."""

import hashlib
import os
from datetime import datetime

from django.db import connection, transaction

from portal.audit import actions as audit
from portal.audit import evidence, queries, store
from portal.audit.models import Archive
from portal.crypto import provider

OLD = """
SELECT seal.chain, coalesce(min(seal.position) FILTER (WHERE event.happened_at >= %s) - 1, max(seal.position))
FROM portal_seal seal JOIN portal_event event ON event.id = seal.event_id
GROUP BY seal.chain HAVING min(event.happened_at) < %s
"""
GONE = """JOIN unnest(%(chains)s::text[], %(positions)s::bigint[]) gone(chain, last)
ON gone.chain = seal.chain AND seal.position <= gone.last"""
TABLES = ("portal_seal", "portal_event")


class CannotArchive(Exception):
    """Nothing was carried away, and why."""


def carry_away(*, before: datetime, at: datetime) -> Archive | None:
    """Every chain's links older than `before` go to the second store, and only then out of the table."""
    place = store.folder()
    if place is None:
        raise CannotArchive("AUDIT_EXPORT_DIR names no place to carry old events to")
    while audit.seal():
        pass
    if found := queries.breaks():
        raise CannotArchive(f"the record does not hold: {found[0]}")
    audit.take_checkpoint(at=at)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [audit.SEALING_LOCK])
        cursor.execute(OLD, [before, before])
        lasts = {chain: last for chain, last in cursor.fetchall() if last > _start(chain)}
        if not lasts:
            return None
        values = {"chains": list(lasts), "positions": list(lasts.values())}
        archive = _write(place, values, before, at)
        _take_out(cursor, values)
    return archive


def _start(chain: str) -> int:
    head = queries.starts().get(chain)
    return head.position if head else 0


def _write(place, values, before, at) -> Archive:
    """The file first, on the disk and not only on its way; then the signed note of it."""
    last = Archive.objects.last()
    number = last.number + 1 if last else 1
    body, links = evidence.packed(GONE, values, at=at)
    name = f"audit-archive-{number:06d}.zip"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place / f".{name}").open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    (place / f".{name}").rename(place / name)
    archive = Archive(
        number=number,
        made_at=at,
        until=before,
        starts=(last.starts if last else {}) | _heads(values),
        links=links,
        file=name,
        sm3=hashlib.new("sm3", body).hexdigest(),
    )
    signature = provider().sign(archive.statement())
    archive.key_id, archive.algorithm = signature.key_id, signature.algorithm
    archive.signature = signature.value
    archive.save(force_insert=True)
    return archive


def _heads(values) -> dict[str, list]:
    """The last link of each chain that goes."""
    return {link.chain: [link.position, link.digest] for link in queries.links(GONE, values)}


def _take_out(cursor, values) -> None:
    """What stands in the archive leaves the table; the guards are up again before anybody else can write."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
    cursor.execute(
        f"WITH old AS (DELETE FROM portal_seal USING portal_seal seal {GONE} WHERE portal_seal.id = seal.id"
        " RETURNING portal_seal.event_id) SELECT array_agg(event_id) FROM old",
        values,
    )
    cursor.execute("DELETE FROM portal_event WHERE id = ANY(%s)", [cursor.fetchone()[0]])
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")
