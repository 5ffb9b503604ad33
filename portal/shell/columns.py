"""A fact of a row: where it is found, how a page draws it, how a spreadsheet types it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.shell.money import to_yuan
from portal.shell.names import chosen, named

NUMBERS = {"money", "number", "figures", "span", "price"}


def walk(row, path: str):
    """The value at the end of `order.project.name`; nothing where the way ends early."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)
        if row is None:
            return None
        if callable(row) and not isinstance(row, models.Manager):
            row = row()
    return row


@dataclass(frozen=True)
class Column:
    """One fact of a row. `kind` says how it is drawn and typed: text, choice, lines, money, number, figures
    (ready written), price, time, moment, day, span, status.

    `value` is where it is found (the key when empty); `sort` and `total` are database fields; `url` opens something;
    `words` name the values of a status that is computed; `nothing` stands where there is no value; `template` draws what
    no kind can, with `row` in its hands. A `beneath` column is small print under another.
    """

    key: str
    label: str | Promise
    kind: str = "text"
    value: str = ""
    sort: str = ""
    total: str = ""
    url: str = ""
    beneath: str = ""
    template: str = ""
    unit: str | Promise = ""
    words: dict | None = None
    nothing: str | Promise = "—"
    is_optional: bool = False
    is_on_paper: bool = True

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    def of(self, row):
        """The value as the page needs it."""
        if self.kind == "choice":
            holder, name = self.state(row)
            return chosen(holder, name) if holder else None
        found = walk(row, self.value or self.key)
        if not isinstance(found, models.Model):
            return found
        return getattr(found, "name", "") and named(found) or str(found)

    def state(self, row):
        """The row and the field of a status, which may belong to a row within the row."""
        holder, _dot, name = (self.value or self.key).rpartition(".")
        return (walk(row, holder) if holder else row), name

    def typed(self, row):
        """The value as a spreadsheet needs it."""
        if self.words:
            return str(self.words[self.of(row)])
        if self.kind == "status":
            holder, name = self.state(row)
            return chosen(holder, name)
        found = self.of(row)
        if found is None:
            return None
        if self.kind == "money":
            return to_yuan(found)
        if self.kind in ("time", "moment"):
            return localtime(found).replace(tzinfo=None)
        if isinstance(found, list | tuple):
            return "、".join(str(one) for one in found)
        return found if isinstance(found, int | float) or self.kind != "text" else str(found)

    @property
    def head(self) -> str:
        """Its name in a spreadsheet."""
        return f"{self.label}（{_('元')}）" if self.kind == "money" else str(self.label)


@dataclass(frozen=True)
class Cell:
    """One place of the table, ready to draw."""

    column: Column
    row: object
    beneath: list["Cell"] = field(default_factory=list)

    @cached_property
    def value(self):
        return self.column.of(self.row)

    @property
    def is_silent(self) -> bool:
        return self.value in (None, "", [])

    @property
    def url(self):
        return walk(self.row, self.column.url) if self.column.url else ""

    @property
    def word(self):
        return self.column.words[self.value]

    @property
    def holder(self):
        return self.column.state(self.row)[0]

    @property
    def field(self):
        return self.column.state(self.row)[1]


def joined(rows: models.QuerySet, columns: Iterable[Column]) -> models.QuerySet:
    """The same rows, with the relations that these columns walk along read in the same query."""
    model: type[models.Model] = rows.model
    ways = {_relations(model, path) for c in columns for path in (c.value or c.key, c.url) if path}
    return rows.select_related(*filter(None, ways)) if any(ways) else rows


@cache
def _relations(model: type[models.Model], path: str) -> str:
    """`order.project.name` as Django's `order__project`: the part of the way that leads from row to row."""
    names = []
    for name in path.split("."):
        try:
            relation = model._meta.get_field(name)
        except FieldDoesNotExist:
            break
        if not isinstance(relation, models.ForeignKey) or name == relation.attname:
            break
        names.append(name)
        model = relation.related_model
    return "__".join(names)


def drawn(
    rows: Iterable, columns: Iterable[Column], shown: Iterable[Column] | None = None
) -> Iterator[list[Cell]]:
    """The cells of each row: of the columns shown, or of all; beneath each the small print that has something to say."""
    small: dict[str, list[Column]] = {}
    for column in columns:
        small.setdefault(column.beneath, []).append(column)
    tops = small.get("", []) if shown is None else list(shown)
    for row in rows:
        yield [
            Cell(top, row, [c for c in (Cell(s, row) for s in small.get(top.key, [])) if not c.is_silent])
            for top in tops
        ]
