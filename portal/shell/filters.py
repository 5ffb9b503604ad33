"""What every list can be asked: words, and conditions that live in the address."""

import django_filters as filters
from django import forms
from django.db.models import Q
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext_lazy as _

from portal.shell.names import named

MOST_LETTERS = 80


class Filters(filters.FilterSet):
    """Conditions of a list. `words` are the fields that the search box looks into; `^` means from the beginning."""

    q = filters.CharFilter(method="search", label=_("关键词"), max_length=MOST_LETTERS)
    words: tuple[str, ...] = ()
    hint = _("编号或名称")

    def search(self, rows, _name, words):
        """Rows in which any of the fields has these words."""
        words = words.strip()
        wish = Q()
        for field in self.words:
            if field.startswith("^"):
                wish |= _begins(field[1:], words)
            else:
                wish |= Q(**{f"{field}__icontains": words})
        return rows.filter(wish)


def _begins(field: str, words: str) -> Q:
    """As typed, or in the one kind of letters that a code is written in: thousands of rows need not be rewritten to compare."""
    begins = Q()
    for written in {words, words.upper(), words.lower()}:
        begins |= Q(**{f"{field}__startswith": written})
    return begins


class _Handful(ModelChoiceIterator):
    """Rows read at once: a cursor of the server, as Django opens it, asks four times for what is a handful."""

    def __iter__(self):
        yield "", self.field.empty_label
        yield from map(self.choice, self.queryset.all())


class _NamedField(filters.fields.ModelChoiceField):
    iterator = _Handful

    def label_from_instance(self, row):
        return named(row)


class Named(filters.ModelChoiceFilter):
    """One of the rows this reader may choose among, called by its name in the reader's language."""

    field_class = _NamedField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, empty_label=_("全部"), **kwargs)


def days(field: str, first, last) -> tuple[filters.DateFilter, filters.DateFilter]:
    """From this day, and until that day, both included; of an instant (`…_at`) its day, of a day (`…_on`) itself."""
    day = "" if field.endswith("_on") else "date__"
    calendar = forms.DateInput(attrs={"type": "date"})
    return (
        filters.DateFilter(field_name=field, lookup_expr=f"{day}gte", label=first, widget=calendar),
        filters.DateFilter(field_name=field, lookup_expr=f"{day}lte", label=last, widget=calendar),
    )
