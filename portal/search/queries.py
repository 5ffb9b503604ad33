"""What one box finds in every centre."""

from itertools import groupby

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from portal.accounts.permissions import can
from portal.shell import entries
from portal.shell.entries import Hit

MOST_OF_EACH = 5
FEWEST_LETTERS = 2


def pages(user, words, limit) -> list[Hit]:
    """The doors this person may open, by their names."""
    found = []
    for door in entries.navigation():
        is_open = door.action is None or (user.is_authenticated and can(user, door.action))
        if is_open and words.lower() in str(door.label).lower():
            try:
                found.append(Hit(str(door.label), reverse(door.url_name), _("页面")))
            except NoReverseMatch:
                continue
    return found[:limit]


def search(user, words) -> list[tuple[str, list[Hit]]]:
    """Hits by kind, at most a few of each; one query for each centre, however many rows there are."""
    words = words.strip()
    if len(words) < FEWEST_LETTERS:
        return []
    hits = pages(user, words, MOST_OF_EACH)
    for make in entries.searchers():
        hits += make(user, words, MOST_OF_EACH)
    return [(kind, list(some)) for kind, some in groupby(hits, key=lambda hit: str(hit.kind))]
