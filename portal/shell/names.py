"""What a thing is called, in the reader's language."""

from django.utils.translation import get_language


def named(row) -> str:
    """The English name for an English reader, where there is one."""
    is_english = (get_language() or "").startswith("en")
    return (getattr(row, "name_en", "") if is_english else "") or row.name
