"""What waits for a person, and what a person waits for."""

from portal.shell import entries
from portal.shell.entries import Pile, address

MOST_SHOWN = 50


def awaiting(request) -> list[Pile]:
    """What this person should do, by kind, the oldest first."""
    return _piles(entries.work_of(request.user, "awaiting"), entries.head_of(request), "id")


def submitted(user) -> list[Pile]:
    """What this person handed in and others have in hand, newest first."""
    work = entries.work_of(user, "submitted")
    return _piles(work, entries.tallies(work), "-id")


def _piles(work, tallies, order):
    return [
        Pile(
            label=str(todo.label),
            count=tallies[todo].count,
            tasks=[todo.task(row) for row in rows.order_by(order)[:MOST_SHOWN]],
            url=todo.url_name and address(todo.url_name),
        )
        for todo, rows in work.items()
        if tallies[todo].count
    ]
