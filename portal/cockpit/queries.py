"""What the wall shows now."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from portal.accounts.permissions import can
from portal.shell import entries
from portal.shell.entries import Panel, Reading


@dataclass(frozen=True)
class Shown:
    """A panel with its reading; stale when the numbers are older than the panel allows."""

    panel: Panel
    reading: Reading
    is_stale: bool


def panels_of(user) -> list[Panel]:
    """The panels this person may see; what they show is the same for everybody."""
    return [panel for panel in entries.panels() if can(user, panel.action)]


def board(panels: list[Panel], at: datetime) -> list[Shown]:
    """What they show, read once."""
    once = cache(lambda read, *args: read(*args))
    shown = []
    for panel in panels:
        reading = panel.query(at, once)
        is_stale = reading.at is None or at - reading.at > panel.stale_after
        shown.append(Shown(panel, reading, is_stale))
    return shown
