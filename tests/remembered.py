"""What a test begins with is founded once by the product's own actions, then put down again row by row as it was.

Founding the demonstration city takes a second, putting it down again a thirtieth of that; more than a thousand tests begin so.
"""

import io
import os
from contextlib import contextmanager

from django.core.cache import cache
from django.db import connection, transaction

TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_kept: dict[object, dict[str, bytes]] = {}


def once(key, found) -> None:
    """Do what `found` does to an empty database; the second time, without doing it."""
    if key in _kept:
        # The rows have the numbers that they had in other tests, under which the cache may have counted something.
        cache.clear()
        _put_down(_kept[key])
        return
    before = _filled()
    found()
    if _may_skip_triggers():
        _kept[key] = _taken_up(_filled() - before)


@contextmanager
def _as_owner():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        yield cursor
        if role := os.environ["DATABASE_APP_ROLE"]:
            cursor.execute(f"SET ROLE {role}")


def _may_skip_triggers() -> bool:
    with _as_owner() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        return cursor.fetchone()[0]


def _filled() -> set[str]:
    """The tables that have rows."""
    with _as_owner() as cursor:
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT " + ", ".join(f"EXISTS (SELECT FROM {name})" for name in tables))
        return {name for name, has_rows in zip(tables, cursor.fetchone(), strict=True) if has_rows}


def _taken_up(tables) -> dict[str, bytes]:
    rows = {}
    with _as_owner() as cursor:
        for table in sorted(tables):
            copy = io.BytesIO()
            cursor.copy_expert(f"COPY {table} TO STDOUT", copy)
            rows[table] = copy.getvalue()
    return rows


def _put_down(rows) -> None:
    with _as_owner() as cursor:
        # The triggers judged these rows when they were first written.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, copy in rows.items():
            cursor.copy_expert(f"COPY {table} FROM STDIN", io.BytesIO(copy))
        cursor.execute("SET LOCAL session_replication_role = origin")
