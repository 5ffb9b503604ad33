"""Columns that hold what only the city may read."""

from typing import Any, cast

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models, router
from django.db.models import signals
from django.db.models.query_utils import DeferredAttribute

from portal.crypto import blind_indexes, seal, unseal


class Sealed(str):
    """A text as it lies in the database."""


class UnsealedWrite(TypeError):
    """A plain text on its way into a sealed column, past the row it belongs to."""


class SealedAttribute(DeferredAttribute):
    """Opens when it is read, so that lists of rows that nobody reads stay closed."""

    field: "EncryptedTextField"

    def __get__(self, instance, cls=None):
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            return unseal(value, self.field.purpose(instance)) if value else ""
        return value

    def __set__(self, instance, value):
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """A personal identifier or a credential: SM4-GCM in the column, bound to its table, column and row.

    Found by a BlindIndexField beside it, never by itself. `update()` and `bulk_update()` are refused,
    because they know no row.
    """

    descriptor_class = SealedAttribute

    def contribute_to_class(self, cls, name, private_only=False):
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            signals.pre_save.connect(name_the_row, sender=cls, dispatch_uid=f"sealed {cls._meta.label}")

    def purpose(self, row) -> str:
        """What binds a text to its place; two places never have the same."""
        return f"{self.purpose_of_column}:{row.pk}"

    @property
    def purpose_of_column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def from_db_value(self, value, expression, connection):
        return None if value is None else Sealed(value)

    def pre_save(self, instance, add):
        value: Any = self.value_on(instance)
        if not value or isinstance(value, Sealed):
            return Sealed(value or "")
        if instance.pk is None:
            raise UnsealedWrite(f"{self}: save rows one by one, so that each has its number first")
        return Sealed(seal(value, self.purpose(instance)))

    def value_on(self, instance):
        """What the row holds, still closed if it came from the database."""
        getattr(instance, self.attname)
        return instance.__dict__[self.attname]

    def get_db_prep_value(self, value, connection, prepared=False):
        if value and not isinstance(value, Sealed):
            raise UnsealedWrite(f"{self} is neither looked up nor written past its row")
        return super().get_db_prep_value(value, connection, prepared)

    def get_placeholder(self, value, compiler, connection):
        """An expression would be worked out by the database, which has no keys."""
        if hasattr(value, "as_sql"):
            raise UnsealedWrite(f"{self} is not written by an expression")
        return "%s"


class BlindIndexField(models.CharField):
    """Finds rows by a sealed text without opening any: a keyed digest of it, empty when there is none."""

    def __init__(self, *args, source="", **options):
        self.source = source
        super().__init__(*args, **{"max_length": 120, "blank": True, "editable": False, **options})

    def deconstruct(self):
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "source": self.source}

    def pre_save(self, instance, add):
        text = getattr(instance, self.source)
        value = self.indexes_of(text)[0] if text else ""
        setattr(instance, self.attname, value)
        return value

    def indexes_of(self, text: str) -> list[str]:
        """All that this text may be filed under."""
        source = cast(EncryptedTextField, self.model._meta.get_field(self.source))
        return blind_indexes(text, source.purpose_of_column)


def encrypted_fields(model) -> list[EncryptedTextField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]


def blind_index_of(field: EncryptedTextField) -> BlindIndexField | None:
    """The column that a sealed column is found by."""
    return next(
        (
            f
            for f in field.model._meta.concrete_fields
            if isinstance(f, BlindIndexField) and f.source == field.name
        ),
        None,
    )


def name_the_row(sender, instance, using=None, update_fields=None, **more):
    """A sealed text is bound to its row's number, so a new row is given its number before it is written."""
    for field in encrypted_fields(sender):
        index = blind_index_of(field)
        if (
            index
            and update_fields is not None
            and (field.name in update_fields) != (index.name in update_fields)
        ):
            raise ImproperlyConfigured(f"save {field.name} and {index.name} together")
        if instance.pk is None and instance.__dict__.get(field.attname):
            name_rows([instance], using=using)


def name_rows(rows: list, *, using=None) -> None:
    """Give new rows of one table their numbers, so that their texts can be sealed and all be written at once."""
    if not rows:
        return
    model = type(rows[0])
    alias = using or router.db_for_write(model, instance=rows[0])
    place = [f'"{model._meta.db_table}"', model._meta.pk.column, len(rows)]
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", place)
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number
