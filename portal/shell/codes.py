"""Public names of things; primary keys never leave the house."""

import secrets

from django.utils import timezone

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_code(prefix: str) -> str:
    """A readable, unguessable name such as OD261121-7K2MPX4Q."""
    tail = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{prefix}{timezone.localdate():%y%m%d}-{tail}"
