"""What a thing is called, in the reader's language."""

from functools import cache, partialmethod
from typing import cast

from django.db.models import Field, Model
from django.utils.translation import get_language


def named(row) -> str:
    """The English name for an English reader, where there is one."""
    is_english = (get_language() or "").startswith("en")
    return (getattr(row, "name_en", "") if is_english else "") or row.name


@cache
def _words(model: type[Model], field: str) -> dict:
    """What Django would say of each choice; nothing, where the model says it itself."""
    is_plain = isinstance(vars(model).get(f"get_{field}_display"), partialmethod)
    return dict(cast(Field, model._meta.get_field(field)).flatchoices) if is_plain else {}


def chosen(row: Model, field: str) -> str:
    """What the value of a choice is called. Django's own way translates every choice of the field to find one."""
    word = _words(type(row), field).get(getattr(row, field))
    return str(word) if word else getattr(row, f"get_{field}_display")()
