"""Public names of things; primary keys never leave the house."""

import re
import secrets
import unicodedata

from django.utils import timezone

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_code(prefix: str) -> str:
    """A readable, unguessable name such as OD261121-7K2MPX4Q."""
    tail = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{prefix}{timezone.localdate():%y%m%d}-{tail}"


def typed(text: str) -> str:
    """A text as if its letters had been typed narrow and large."""
    return unicodedata.normalize("NFKC", text).upper()


def codes_in(text: str, prefix: str) -> set[str]:
    """The codes of one kind that stand in a text; some banks leave their hyphens out."""
    return {
        f"{prefix}{day}-{tail}"
        for day, tail in re.findall(rf"{prefix}(\d{{6}})-?([{ALPHABET}]{{8}})", typed(text))
    }


def in_groups(digest: str) -> str:
    """A digest in groups that people can compare and a line can break between."""
    return " ".join(digest[n : n + 8] for n in range(0, len(digest), 8))
