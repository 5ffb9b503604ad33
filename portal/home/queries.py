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
    for todo in entries.todos():
        rows = list(getattr(todo, which)(user).order_by(order)[: MOST_SHOWN + 1])
        tasks = [todo.task(row) for row in rows[:MOST_SHOWN]]
        if tasks:
            piles.append(Pile(str(todo.label), len(rows), tasks, address(todo.url_name)))
    return piles
