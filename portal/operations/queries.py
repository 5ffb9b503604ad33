"""Long work of every room, each told from its own row."""

from portal.shell import entries
from portal.shell.entries import Operation

MOST = 100


def operations(user) -> list[Operation]:
    """The newest that this person may watch, newest first; one query for each kind of work."""
    found = [work.operation(row) for work in entries.long_works() for row in work.rows(user)[:MOST]]
    return sorted(found, key=lambda one: one.created_at, reverse=True)[:MOST]


def operation(user, code) -> Operation | None:
    """The one of this code."""
    for work in entries.long_works():
        if row := work.rows(user).filter(code=code).first():
            return work.operation(row)
    return None
