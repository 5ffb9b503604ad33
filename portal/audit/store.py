"""The second store: signed checkpoints outside of the database, where its owner cannot rewrite them."""

import json
import os
import re
from pathlib import Path

from django.conf import settings

NAME = "checkpoint-{:09d}.json"
NAMED = re.compile(r"^checkpoint-(\d{9})\.json$")


def folder() -> Path | None:
    return Path(settings.AUDIT_EXPORT_DIR) if settings.AUDIT_EXPORT_DIR else None


def numbers() -> set[int]:
    """Which checkpoints are there already."""
    place = folder()
    if place is None or not place.is_dir():
        return set()
    return {int(found[1]) for path in place.iterdir() if (found := NAMED.match(path.name))}


def checkpoints() -> dict[int, dict]:
    """Every checkpoint in the second store, by number."""
    place = folder()
    return (
        {number: json.loads((place / NAME.format(number)).read_text()) for number in numbers()}
        if place
        else {}
    )


def keep(number: int, checkpoint: dict) -> None:
    """Put one more there; it appears whole or not at all, and never in place of another."""
    place = folder()
    if place is None:
        return
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place / f".{number}.{os.getpid()}"
    draft.write_text(json.dumps(checkpoint, ensure_ascii=False, indent=1))
    try:
        os.link(draft, place / NAME.format(number))
    except FileExistsError:
        pass
    finally:
        draft.unlink()
