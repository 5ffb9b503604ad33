"""What a centre puts into the portal: its `portal_entries.py` is found at start, like `admin.py`."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import urlencode

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.shell.exceptions import Refusal

PUBLIC = "public"
SECTIONS = {
    "desk": _("我的"),
    "enterprise": _("用算力"),
    "provider": _("供算力"),
    "government": _("算力券与监管"),
    "platform": _("平台运营"),
    "account": _("单位与账号"),
}


@dataclass(frozen=True)
class Navigation:
    """A door to a page. `action` is the permission that opens it; None opens it for everybody."""

    label: str | Promise
    url_name: str
    section: str = PUBLIC
    order: int = 100
    action: str | None = None
    icon: str = "dot"


@dataclass(frozen=True)
class Figure:
    """A number that opens its list: on the front page, and on the desk of whoever signed in."""

    label: str | Promise
    value: str
    unit: str = ""
    url: str = ""
    note: str = ""
    icon: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Place:
    """A district's number on the schematic map, or a named thing with its state in a list."""

    code: str
    label: str | Promise
    value: str = ""
    amount: Decimal | int = 0
    unit: str = ""
    url: str = ""
    note: str = ""
    state: str = ""
    state_word: str = ""
    is_simulated: bool = False


@dataclass(frozen=True)
class Gauge:
    """A number of the rows for the machine's monitoring: labels' values → value."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: dict[tuple[str, ...], float]


@dataclass(frozen=True)
class Reading:
    """What a panel shows and when that was true: Figures, a Chart, or Places."""

    at: datetime | None
    content: object


@dataclass(frozen=True)
class Panel:
    """A cockpit panel at one `side` of the wall, drawn by `kind`: figures, chart, map or list.

    `query(at, once)` returns a Reading; `once(read, …)` reads the first time only, so panels share what they read.
    """

    code: str
    title: str | Promise
    query: Callable[[datetime, Callable], Reading]
    kind: str
    order: int = 100
    side: str = "left"
    url_name: str = ""
    action: str = "cockpit.view"
    stale_after: timedelta = timedelta(minutes=10)


def address(url_name: str, **wishes) -> str:
    """The list behind a number, filtered; empty when this house has no such page."""
    try:
        url = reverse(url_name)
    except NoReverseMatch:
        return ""
    return f"{url}?{urlencode(wishes)}" if wishes else url


@cache
def _modules():
    names = [f"{config.name}.portal_entries" for config in apps.get_app_configs()]
    return [import_module(name) for name in names if find_spec(name)]


@cache
def navigation() -> tuple[Navigation, ...]:
    """Every door of every centre, in order."""
    doors = [door for module in _modules() for door in getattr(module, "navigation", [])]
    return tuple(sorted(doors, key=lambda door: door.order))


@cache
def panels() -> tuple[Panel, ...]:
    """Every cockpit panel of every centre, in order."""
    return tuple(sorted((p for m in _modules() for p in getattr(m, "panels", [])), key=lambda p: p.order))


@cache
def figures() -> tuple[Callable, ...]:
    """What each centre shows on the front page: functions that return Figures."""
    return tuple(make for module in _modules() for make in getattr(module, "figures", []))


@cache
def desk_figures() -> tuple[Callable, ...]:
    """What each centre puts on a person's desk: functions of the request that return Figures."""
    return tuple(make for module in _modules() for make in getattr(module, "desk_figures", []))


@cache
def screens() -> dict:
    """The lists of every centre by their names, so that a file can be made of one and a view of it be saved."""
    return {screen.code: screen for module in _modules() for screen in getattr(module, "screens", [])}


@cache
def reviews() -> dict[str, Callable]:
    """By kind of approval: what a centre lays on the reviewer's desk, a function of the approval that returns Parts."""
    return {kind: make for module in _modules() for kind, make in getattr(module, "reviews", {}).items()}


@cache
def gauges() -> tuple[Callable, ...]:
    """What each centre lets the monitoring count: functions that return Gauges."""
    return tuple(read for module in _modules() for read in getattr(module, "gauges", []))


@cache
def list_starts() -> tuple[Callable, ...]:
    """Functions of a request and a list that name the query it opens with, where the reader has chosen one."""
    return tuple(make for module in _modules() for make in getattr(module, "list_starts", []))


@dataclass(frozen=True)
class Task:
    """Something that waits for a person, or that a person waits for."""

    title: str
    url: str
    at: datetime
    by: object = ""
    state: str = ""
    state_word: str | Promise = ""
    due: datetime | None = None


@dataclass(frozen=True)
class Pile:
    """A few Tasks of one kind, and where all of them are."""

    label: str | Promise
    count: int
    tasks: list[Task]
    url: str


@dataclass(frozen=True)
class Step:
    """One step of a newcomer's road."""

    label: str | Promise
    note: str | Promise
    url: str
    is_done: bool


@dataclass(frozen=True)
class ToDo:
    """One kind of work in a room: what waits for this person, what this person handed in, and one row of it as a Task."""

    label: str | Promise
    awaiting: Callable
    submitted: Callable
    task: Callable
    url_name: str = ""


@dataclass(frozen=True)
class Hit:
    """Something found: what it is called, where it is, and of which kind."""

    label: str
    url: str
    kind: str | Promise
    note: str = ""


@dataclass(frozen=True)
class Operation:
    """Long work in a program's words, told from its row; its code is the row's. `scope` is what a key needs to watch it.

    `progress` is a percentage, None where the work cannot say; `problem` says why it failed and what to do.
    """

    code: str
    kind: str
    scope: str
    created_at: datetime
    progress: int | None = None
    finished_at: datetime | None = None
    result: str = ""
    expires_at: datetime | None = None
    problem: Refusal | None = None

    @property
    def state(self) -> str:
        if self.problem:
            return "failed"
        return "succeeded" if self.finished_at else "running"


@dataclass(frozen=True)
class LongWork:
    """One kind of long work in a room, and one row of it as an Operation.

    `rows(user, reaches)` are those that this person may watch with a key that reaches the scopes for which `reaches` holds;
    `began` is the field that says since when each is long work, `states` which of them are in a state.
    """

    rows: Callable
    began: str
    states: dict[str, Q]
    operation: Callable


@cache
def long_works() -> tuple[LongWork, ...]:
    """Every kind of work that goes on after its answer."""
    return tuple(work for module in _modules() for work in getattr(module, "long_works", []))


@dataclass(frozen=True)
class Expandable:
    """One kind of the API's objects. `scope` is what a key needs to read them; None, if everybody may.

    `read(request, codes)` answers those of these codes that the caller may see, each as its own address or its list answers
    it, in as many queries for a hundred as for one; it refuses whoever may see none.
    """

    scope: str | None
    serializer: type
    read: Callable


@cache
def expandables() -> dict[str, Expandable]:
    """By their names in the API's addresses: what an answer may hold whole in the place of a code."""
    return {name: kind for module in _modules() for name, kind in getattr(module, "expandables", {}).items()}


@cache
def todos() -> tuple[ToDo, ...]:
    """Every kind of work that can wait for somebody."""
    return tuple(todo for module in _modules() for todo in getattr(module, "todos", []))


@dataclass(frozen=True)
class Tally:
    """How many rows there are, and the id of the newest."""

    count: int = 0
    newest: int = 0

    @property
    def seen(self) -> str:
        """What an open page must have seen to know of them all."""
        return f"{self.newest}/{self.count}"


def tallies(kinds: Mapping) -> dict[object, Tally]:
    """Rows of many tables counted in one query, by the keys they were given under."""
    asked: list = []
    counts, values, read = [], [], {}
    for key, rows in kinds.items():
        # Of what can be nothing the database is not asked.
        with suppress(EmptyResultSet):
            sql, params = rows.order_by().values_list("pk").query.sql_with_params()
            counts.append(f"SELECT {len(asked)}, count(*), max(id) FROM ({sql}) AS rows (id)")
            values += params
            asked.append(key)
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(counts), values)
            read = {asked[n]: Tally(count, newest or 0) for n, count, newest in cursor.fetchall()}
    return {key: read.get(key, Tally()) for key in kinds}


def work_of(user, which: str) -> dict[ToDo, QuerySet]:
    """Each kind of work that is `awaiting` or was `submitted` by this person."""
    return {todo: getattr(todo, which)(user) for todo in todos()}


def head_of(request) -> dict[object, Tally]:
    """What the head of a page counts: the work that waits, by its kind, and the unread "notices". Asked once a request."""
    if not hasattr(request, "_head"):
        user = request.user
        request._head = tallies(work_of(user, "awaiting") | {"notices": user.notices.unread()})
    return request._head


@cache
def searchers() -> tuple[Callable, ...]:
    """How each centre is searched: functions of (user, words, limit) that return Hits this person may see."""
    return tuple(make for module in _modules() for make in getattr(module, "searchers", []))


@cache
def desk_piles() -> tuple[Callable, ...]:
    """What each centre lists on a person's desk: functions of the request that return Piles."""
    return tuple(make for module in _modules() for make in getattr(module, "desk_piles", []))


@cache
def first_steps() -> tuple[Callable, ...]:
    """The road of a newcomer: functions of the request that return Steps."""
    return tuple(make for module in _modules() for make in getattr(module, "first_steps", []))
