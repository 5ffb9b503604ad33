"""Sealing anew what lies under older keys, batch by batch; whoever is killed midway starts again where it stopped."""

from collections.abc import Callable, Iterator

from django.apps import apps
from django.db import transaction
from django.db.models import Q

from portal.crypto import provider
from portal.crypto.fields import EncryptedTextField, blind_index_of, encrypted_fields

BATCH = 200
# What others seal by themselves, in a table that is not ours: each seals at most `limit` texts anew and says how many.
OTHERS: list[Callable[[int], int]] = []


def fields() -> list[EncryptedTextField]:
    """Every sealed column of the house."""
    return [field for model in apps.get_models() for field in encrypted_fields(model)]


def under_older_keys(field: EncryptedTextField):
    """The rows whose text, or the index it is found by, is not under the present key."""
    present = f"{provider().key_ids()[0]}:"
    is_old = ~Q(**{f"{field.name}__startswith": present})
    if index := blind_index_of(field):
        is_old |= ~Q(**{f"{index.name}__startswith": present})
    return field.model._base_manager.exclude(**{field.name: ""}).filter(is_old)


def reseal(field: EncryptedTextField, *, limit: int = BATCH) -> int:
    """Seal one batch anew, in one transaction; how many rows it was."""
    index = blind_index_of(field)
    with transaction.atomic():
        rows = list(
            under_older_keys(field).select_for_update(no_key=True, of=("self",)).order_by("pk")[:limit]
        )
        for row in rows:
            setattr(row, field.name, getattr(row, field.name))
            row.save(update_fields=[field.name, *([index.name] if index else [])])
    return len(rows)


def batches() -> Iterator[tuple[str, int]]:
    """Work through everything; after each batch, where it was and how many."""
    for field in fields():
        while done := reseal(field):
            yield field.purpose_of_column, done
    for other in OTHERS:
        while done := other(BATCH):
            yield other.__module__, done
