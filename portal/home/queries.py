"""What waits for a person, and what a person waits for."""

from portal.shell import entries
from portal.shell.entries import Pile, address

MOST_SHOWN = 50


def awaiting(user) -> list[Pile]:
    """What this person should do, by kind."""
    return _piles(user, "awaiting", "id")


def submitted(user) -> list[Pile]:
    """What this person handed in and others have in hand, newest first."""
    return _piles(user, "submitted", "-id")


def _piles(user, which, order):
    piles = []
    counts = entries.todo_counts(user, which)
    for n, todo in enumerate(entries.todos()):
        if counts.get(n):
            rows = getattr(todo, which)(user).order_by(order)[:MOST_SHOWN]
            tasks = [todo.task(row) for row in rows]
            piles.append(Pile(str(todo.label), counts[n], tasks, todo.url_name and address(todo.url_name)))
    return piles
