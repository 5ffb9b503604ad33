"""The city's own words, in the reader's language."""

from django.conf import settings
from django.utils.translation import get_language


def city() -> dict:
    """`settings.CITY` with `title` and `authority_title` in the language being spoken."""
    words = settings.CITY
    tail = "_en" if (get_language() or "").startswith("en") else ""
    return {
        **words,
        "title": words.get(f"product{tail}") or words.get("product", ""),
        "authority_title": words.get(f"authority{tail}") or words.get("authority", ""),
    }
