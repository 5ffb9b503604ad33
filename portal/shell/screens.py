"""A list is declared once: its columns and conditions. Pages, phones, spreadsheets and saved views follow from it.

    bills = ListScreen("bills", _("账单"), rows=…, action="bills.view", filters=BillFilters, columns=(
        Column("code", _("账单号")),
        Column("order.code", _("订单"), url="order.get_absolute_url"),
        Column("project.name", _("项目"), beneath="order.code"),
        Column("gross", _("应付"), kind="money", sort="gross", total="gross"),
    ))

A column is one fact: one column of the spreadsheet. On the page it may stand beneath another.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode

from django.db import models
from django.db.models import Count, Sum
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.shell import entries
from portal.shell.columns import Cell, Column, drawn, joined
from portal.shell.filters import Filters
from portal.shell.history import versions_table
from portal.shell.lists import page_of
from portal.shell.names import named

SIZES = (25, 50, 100)
CHUNK = 1000


@dataclass(frozen=True)
class RowAction:
    """A button at the end of a row: posts to `url_name` of the row's code, or opens it as a page, where `when(row, user)` holds."""

    label: str | Promise
    url_name: str
    when: Callable = lambda row, user: True
    tone: str = ""
    is_page: bool = False


@dataclass(frozen=True)
class BulkAction:
    """A button for many rows at once: posts to `url_name` what `picked` reads."""

    label: str | Promise
    url_name: str
    tone: str = ""


@dataclass(frozen=True)
class Empty:
    """What an empty list says, and where to begin."""

    title: str | Promise
    body: str | Promise = ""
    url: str | Promise = ""
    action: str | Promise = ""
    icon: str = "inbox"


@dataclass(frozen=True)
class Taste:
    """How one reader likes one list, kept in a cookie: columns, density, rows on a page."""

    columns: frozenset[str] | None = None
    is_compact: bool = False
    size: int = SIZES[0]

    @classmethod
    def from_cookie(cls, text: str) -> "Taste":
        """Reads what `cookie` wrote; what makes no sense is left out."""
        wishes = {name: values[-1] for name, values in parse_qs(text).items()}
        size = wishes.get("size", "")
        return cls(
            columns=frozenset(wishes["columns"].split(",")) if "columns" in wishes else None,
            is_compact=wishes.get("density") == "compact",
            size=int(size) if size in map(str, SIZES) else SIZES[0],
        )

    @property
    def cookie(self) -> str:
        wishes = {"density": "compact" if self.is_compact else "comfortable", "size": str(self.size)}
        if self.columns is not None:
            wishes["columns"] = ",".join(sorted(self.columns))
        return urlencode(wishes)


@dataclass(frozen=True)
class ListScreen:
    """A list of the house: who may open it, which rows a person sees, and the facts of each.

    `scope` is what a program's key needs to take the list along; without one, no program does.
    `rows(user)` are the rows this person may see; `prepare(rows)` turns a page of them into what the columns read;
    `tabs` is a field whose values stand above the table with their counts; `tab_words` names those of a computed one; `key` is the public
    name of a row.
    """

    code: str
    title: str | Promise
    rows: Callable
    columns: tuple[Column, ...]
    action: str = ""
    scope: str = ""
    is_public: bool = False
    filters: type[Filters] | None = None
    tabs: str = ""
    tab_words: dict | None = None
    order: str = "-id"
    key: str = "code"
    empty: Empty = Empty("")
    prepare: Callable[[Iterable], list] = list
    row_actions: tuple[RowAction, ...] = ()
    bulk_actions: tuple[BulkAction, ...] = ()
    lead: str | Promise = ""

    def asked(self, user, wishes: QueryDict) -> "Asked":
        """This list as one person asked for it."""
        return Asked(self, user, wishes)

    @property
    def facts(self) -> list[Column]:
        """The columns of the spreadsheet."""
        return [column for column in self.columns if column.is_on_paper]


@dataclass(frozen=True)
class RecordScreen:
    """The head of one thing's own page: its code and title, the list above it, its status. See shell/record.html."""

    row: models.Model
    code: str
    title: str
    list_title: str | Promise
    list_url: str
    status_field: str = ""

    @property
    def versions_of(self) -> str:
        """Its kind, where the database keeps versions of such rows."""
        kind = self.row._meta.model_name or ""
        return kind if versions_table(kind) else ""


class Asked:
    """A list, a person, and what this person wishes to see of it."""

    def __init__(self, screen: ListScreen, user, wishes: QueryDict):
        self.screen, self.user, self.wishes = screen, user, wishes

    @cached_property
    def filterset(self):
        if self.screen.filters is None:
            return None
        return self.screen.filters(
            self.wishes, self.screen.rows(self.user), request=SimpleNamespace(user=self.user)
        )

    @cached_property
    def unsorted(self):
        """The filtered rows of every tab."""
        return self.filterset.qs if self.filterset else self.screen.rows(self.user)

    @cached_property
    def tab_choices(self) -> dict[str, str]:
        """The values of the field that has tabs, in words."""
        name = self.screen.tabs
        if self.screen.tab_words or not name:
            return self.screen.tab_words or {}
        return dict(self.screen.rows(self.user).model._meta.get_field(name).choices)

    @cached_property
    def tab(self) -> str:
        chosen = self.wishes.get(self.screen.tabs, "") if self.screen.tabs else ""
        return chosen if chosen in self.tab_choices else ""

    @cached_property
    def rows(self):
        return self.unsorted.filter(**{self.screen.tabs: self.tab}) if self.tab else self.unsorted

    @cached_property
    def order(self) -> str:
        """The database field to sort by; a wish nobody can sort by is left out."""
        wish = self.wishes.get("ordering", "")
        sort = {c.key: c.sort for c in self.screen.columns if c.sort}.get(wish.lstrip("-"))
        return ("-" if wish.startswith("-") else "") + sort if sort else self.screen.order

    @cached_property
    def chips(self) -> list[tuple[str, str, str]]:
        """The wishes in words: parameter, name, value."""
        form = self.filterset.form if self.filterset else None
        if form is None or not form.is_bound:
            return []
        form.is_valid()
        found = []
        for name, given in form.cleaned_data.items():
            if given in (None, "", []):
                continue
            if isinstance(given, models.Model):
                words = named(given)
            else:
                words = dict(getattr(form.fields[name], "choices", ())).get(given, given)
            found.append((name, str(form.fields[name].label), str(words)))
        return found

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """The same for a sheet of paper, with the tab."""
        tab = [(_("状态"), str(self.tab_choices[self.tab]))] if self.tab else []
        return tab + [(label, words) for _name, label, words in self.chips]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.tab or self.chips)

    @cached_property
    def _counted(self) -> dict:
        """How the database counts rows, and adds up the columns that have a total."""
        totals = {_total_of(c): Sum(c.total, default=0) for c in self.screen.columns if c.total}
        return {"rows_counted": Count("*")} | totals

    @cached_property
    def tallies(self) -> dict[str, dict[str, int]]:
        """What every tab holds, or the whole list where it has none; one query."""
        rows, tab = self.unsorted.order_by(), self.screen.tabs
        if not tab:
            return {"": rows.aggregate(**self._counted)}
        return {tally.pop(tab): tally for tally in rows.values(tab).annotate(**self._counted)}

    @cached_property
    def sums(self) -> dict[str, int]:
        """What the present tab holds."""
        tallies = [tally for tab, tally in self.tallies.items() if self.tab in ("", tab)]
        return {name: sum(tally[name] for tally in tallies) for name in self._counted}

    @property
    def count(self) -> int:
        return self.sums["rows_counted"]

    @cached_property
    def tabs(self) -> list[tuple[str, str, int]]:
        """Every tab with its number of rows."""
        if not self.screen.tabs:
            return []
        counts = {tab: tally["rows_counted"] for tab, tally in self.tallies.items()}
        every = [("", _("全部"), sum(counts.values()))]
        return every + [(value, label, counts.get(value, 0)) for value, label in self.tab_choices.items()]

    def sheet_rows(self, most: int):
        """The facts of at most so many rows, typed, in the order of the list."""
        facts, chunk = self.screen.facts, []
        rows = joined(self.rows, facts).order_by(self.order, "-id")[:most].iterator(chunk_size=CHUNK)
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield from ([fact.typed(one) for fact in facts] for one in self.screen.prepare(chunk))
                chunk = []
        yield from ([fact.typed(one) for fact in facts] for one in self.screen.prepare(chunk))

    @property
    def heads(self) -> list[str]:
        return [fact.head for fact in self.screen.facts]


class Listing:
    """One page of a list, ready for its template."""

    def __init__(self, asked: Asked, taste: Taste):
        self.asked, self.screen, self.taste = asked, asked.screen, taste

    @cached_property
    def columns(self) -> list[Column]:
        """The columns on the page: the chosen ones, or all that are not optional."""
        stand = [c for c in self.screen.columns if not c.beneath]
        chosen = self.taste.columns
        return [
            c for c in stand if c is stand[0] or (not c.is_optional if chosen is None else c.key in chosen)
        ]

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        """The columns one may choose, and whether they are shown."""
        return [(c, c in self.columns) for c in self.screen.columns if not c.beneath][1:]

    @property
    def sorted_by(self) -> list[Column]:
        """The columns one may sort by."""
        return [column for column in self.screen.columns if column.sort]

    @property
    def is_wide(self) -> bool:
        return len(self.columns) > 8

    @cached_property
    def page(self):
        keys = {column.key for column in self.columns}
        shown = [column for column in self.screen.columns if (column.beneath or column.key) in keys]
        return page_of(
            joined(self.asked.rows, shown),
            self.asked.wishes.get("cursor", ""),
            self.taste.size,
            self.asked.order,
            self.screen.key,
        )

    @cached_property
    def labels(self) -> list[SafeString]:
        """What stands above the columns."""
        return [conditional_escape(str(column.label)) for column in self.columns]

    @cached_property
    def table(self) -> list[tuple[object, list[Cell], list[RowAction]]]:
        """Each row with its cells and what may be done to it."""
        rows = list(self.screen.prepare(self.page))
        return [
            (row, cells, [a for a in self.screen.row_actions if a.when(row, self.asked.user)])
            for row, cells in zip(rows, drawn(rows, self.screen.columns, self.columns), strict=True)
        ]

    @property
    def totals(self) -> list[tuple[Column, int | None]]:
        """The last row: a total under each column that has one."""
        if not any(c.total for c in self.columns):
            return []
        return [(c, self.asked.sums[_total_of(c)] if c.total else None) for c in self.columns]

    @property
    def sizes(self):
        return SIZES

    @property
    def fields(self):
        """The conditions beside the search box."""
        form = self.asked.filterset.form if self.asked.filterset else None
        return (
            [form[name] for name in form.fields if name != "q" and _has_choice(form.fields[name])]
            if form
            else []
        )

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a new search keeps: the tab and the order."""
        names = [self.screen.tabs, "ordering"]
        return [(name, self.asked.wishes[name]) for name in names if name and self.asked.wishes.get(name)]

    @property
    def query(self) -> str:
        """The wishes without the place in the list: what an export or a saved view remembers."""
        wishes = self.asked.wishes.copy()
        for name in ("cursor", "view"):
            wishes.pop(name, None)
        return wishes.urlencode()


def _total_of(column: Column) -> str:
    return f"total_of_{column.key.replace('.', '__')}"


def _has_choice(given) -> bool:
    """Somebody with nothing to choose from is not asked."""
    rows = getattr(given, "queryset", None)
    return rows is None or not rows.query.is_empty()


def picked(request, screen: ListScreen):
    """The rows that were ticked, or all that the conditions of the page left; never more than this person may see."""
    if "all" in request.POST:
        return screen.asked(request.user, QueryDict(request.POST.get("query", ""))).rows
    return screen.rows(request.user).filter(code__in=request.POST.getlist("codes")[: max(SIZES)])


def listing_of(request, screen: ListScreen) -> Listing:
    """A list as this request asks for it."""
    taste = Taste.from_cookie(request.COOKIES.get(f"list-{screen.code}", ""))
    return Listing(screen.asked(request.user, request.GET), taste)


def show(request, screen: ListScreen, template="shell/list.html", *, status=200, **context):
    """Answer with the list: the whole page, or its results alone when only they were asked for."""
    if not request.GET and request.method == "GET":
        for start_of in entries.list_starts():
            if query := start_of(request, screen):
                return redirect(f"{request.path}?{query}")
    is_part = request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    context |= {"list": listing_of(request, screen), "screen": screen}
    response = render(request, "shell/_results.html" if is_part else template, context, status=status)
    response["Vary"] = "HX-Request, Cookie, Accept-Language"
    return response
