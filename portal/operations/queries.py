"""Long work of every room, each told from its own row."""

from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Collate

from portal.shell import entries
from portal.shell.entries import LongWork, Operation
from portal.shell.lists import Rows

# The same order in every database as in Python.
CODE = Collate("code", "C")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def works(user, reaches, state: str = "") -> list[tuple[LongWork, QuerySet]]:
    """What this person may watch of each kind with a key that reaches so far."""
    return [
        (work, work.rows(user, reaches).filter(work.states[state] if state else Q()))
        for work in entries.long_works()
    ]


def page_of_works(found, place: str, size: int) -> Rows:
    """A page of all kinds together, newest first; each is asked for no more rows than a page has."""
    is_back = place.startswith("-")
    rows = [one for work, these in found for one in _beside(work, these, place, is_back, size + 1)]
    rows.sort(key=lambda one: (one.created_at, one.code), reverse=not is_back)
    has_more, rows = len(rows) > size, rows[:size]
    if is_back:
        rows.reverse()
    return Rows(
        rows=rows,
        next_cursor=_place(rows[-1]) if rows and (has_more or is_back) else "",
        previous_cursor=f"-{_place(rows[0])}" if rows and (has_more if is_back else place) else "",
    )


def operation(user, code) -> Operation | None:
    """The one of this code."""
    for work, rows in works(user, lambda scope: True):
        if row := rows.filter(code=code).first():
            return work.operation(row)
    return None


def _place(one: Operation) -> str:
    return f"{(one.created_at - EPOCH) // timedelta(microseconds=1)}.{one.code}"


def _beside(work, rows, place, is_back, limit) -> list[Operation]:
    """The nearest of one kind."""
    rows = rows.annotate(place=CODE)
    if place:
        microseconds, code = place.removeprefix("-").split(".")
        at, step = EPOCH + timedelta(microseconds=int(microseconds)), "gt" if is_back else "lt"
        beyond = Q((f"{work.began}__{step}", at)) | Q((f"place__{step}", code))
        # Said apart, so that an index begins at the border.
        rows = rows.filter(beyond, (f"{work.began}__{step}e", at))
    sign = "" if is_back else "-"
    return [work.operation(row) for row in rows.order_by(f"{sign}{work.began}", f"{sign}place")[:limit]]
