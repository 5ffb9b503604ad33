"""The second wall: which rows PostgreSQL itself shows to whom, whatever the code above it asks for.

Every statement that reaches the database says for whom it is sent, as two settings that end with its transaction:
`portal.tenants` (ids of organisations, or * for the whole city) and `portal.person`. Row-level policies compare them
with the keys that each model declares, so a forgotten filter shows nothing instead of another firm's rows.
See https://www.postgresql.org/docs/18/ddl-rowsecurity.html.
"""

import json
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.apps import apps

TOUCHES_ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "(", "EXPLAIN")

FUNCTIONS = """
CREATE OR REPLACE FUNCTION tenancy_is_citywide() RETURNS boolean STABLE LANGUAGE sql AS
    $$ SELECT coalesce(current_setting('portal.tenants', true), '') = '*' $$;
CREATE OR REPLACE FUNCTION tenancy_organizations() RETURNS bigint[] STABLE LANGUAGE sql AS
    $$ SELECT string_to_array(nullif(nullif(current_setting('portal.tenants', true), ''), '*'), ',')::bigint[] $$;
CREATE OR REPLACE FUNCTION tenancy_person() RETURNS bigint STABLE LANGUAGE sql AS
    $$ SELECT nullif(current_setting('portal.person', true), '')::bigint $$;
"""


# --- for whom we ask ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Reach:
    """For whom statements are sent: a person, and organisations' ids or all of them."""

    organizations: frozenset[int] = frozenset()
    person: int | None = None
    is_citywide: bool = False

    @property
    def preamble(self) -> str:
        tenants = "*" if self.is_citywide else ",".join(map(str, sorted(self.organizations)))
        person = "" if self.person is None else int(self.person)
        return (
            f"SELECT set_config('portal.tenants', '{tenants}', true), "
            f"set_config('portal.person', '{person}', true);"
        )


NOBODY = Reach()
CITY = Reach(is_citywide=True)

_reach: ContextVar[Reach | None] = ContextVar("reach", default=None)
_course: ContextVar[str] = ContextVar("course", default="")
_of_process = NOBODY


def current() -> Reach:
    return _reach.get() or _of_process


def work_for_the_city() -> None:
    """This process serves no visitors: what it does without saying for whom, it does for the whole city."""
    global _of_process
    _of_process = CITY


def enter(reach: Reach):
    """From here on, ask for them; give the answer to `leave`."""
    return _reach.set(reach)


def leave(token) -> None:
    _reach.reset(token)


class asking_for(ContextDecorator):
    """Within this block or function, statements are sent for somebody else."""

    def __init__(self, reach: Reach):
        self.reach = reach

    def _recreate_cm(self):
        return type(self)(self.reach)

    def __enter__(self):
        self.token = enter(self.reach)
        return self

    def __exit__(self, *error):
        leave(self.token)


def citywide() -> asking_for:
    """A deed that must touch more than the asker may see: capacity, books, the record. Every use is listed in a test."""
    return asking_for(CITY)


@contextmanager
def in_the_course_of(**facts: str):
    """Within this block, the versions that triggers keep (see history) name what they came about by."""
    token = _course.set(json.dumps(facts, ensure_ascii=False))
    try:
        yield
    finally:
        _course.reset(token)


# --- how the database hears of it ---------------------------------------------------------------------
def guard(sender, connection, **news) -> None:
    """Every new connection says with each statement for whom it is."""
    # At the head, because whoever wraps for a while takes theirs off the tail.
    if _tell not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _tell)


def _tell(execute, sql, params, many, context):
    if not str(sql).lstrip().startswith(TOUCHES_ROWS):
        return execute(sql, params, many, context)
    preamble = current().preamble
    if facts := _course.get().replace("'", "''"):
        # Where the driver looks for places of parameters, a percent sign is written twice.
        facts = facts if params is None else facts.replace("%", "%%")
        preamble += f" SELECT set_config('pghistory.context_metadata', '{facts}', true);"
    # A server-side cursor is one DECLARE and takes no company.
    if getattr(context["cursor"].cursor, "name", None):
        return _tell_beforehand(context["connection"], preamble, lambda: execute(sql, params, many, context))
    return execute(f"{preamble} {sql}", params, many, context)


def _tell_beforehand(connection, preamble, execute):
    def say(words):
        with connection.connection.cursor() as cursor:
            cursor.execute(words)

    if connection.in_atomic_block:
        say(preamble)
        return execute()
    say(preamble.replace("true)", "false)"))
    try:
        return execute()
    finally:
        say(NOBODY.preamble.replace("true)", "false)"))


# --- whose rows a table holds -------------------------------------------------------------------------
@dataclass(frozen=True)
class Belongs:
    """The ways from a row to the organisations and persons that may see it, as Django lookups; none means only the city."""

    paths: tuple[str, ...] = ()
    # The database itself adds these rows in the course of anybody's deed.
    is_added_freely: bool = False


@dataclass(frozen=True)
class Public:
    """A table without tenants, and why."""

    because: str


_shown: dict[type, list[str]] = {}


def belongs_to(*paths: str) -> Belongs:
    return Belongs(paths)


def written_by_triggers() -> Belongs:
    """History that only the city reads, and that the database adds whoever acts."""
    return Belongs(is_added_freely=True)


def shows(model: type, path: str) -> None:
    """A room upstairs lets its own people see rows of a room below that stand behind theirs."""
    _shown.setdefault(model, []).append(path)


def policies():
    """(table, name, the rest of CREATE POLICY) for every model that declares whose rows it holds."""
    for model in apps.get_models():
        tenant = model.__dict__.get("tenant")
        if isinstance(tenant, Belongs):
            paths = (*tenant.paths, *_shown.get(model, ()))
            ways = ["(SELECT tenancy_is_citywide())", *(_condition(model, path) for path in paths)]
            yield model._meta.db_table, "tenancy", f"USING ({' OR '.join(ways)})"
            if tenant.is_added_freely:
                yield model._meta.db_table, "tenancy_adds", "WITH CHECK (true)"


def _condition(model, path: str, here: str = "", depth: int = 1) -> str:
    """SQL that says of a row `here` whether the end of the path is one of those for whom we ask.

    Tables without tenants are catalogues: few rows, read once. Others grow with the business: a row's parent is looked up
    where the rows are few, and PostgreSQL may still choose to read them once where the rows are many.
    """
    here = here or f'"{model._meta.db_table}"'
    name, _dot, rest = path.partition("__")
    relation = model._meta.get_field(name)
    other = relation.related_model
    if not rest:
        if other._meta.model_name == "user":
            return f'{here}."{relation.column}" = (SELECT tenancy_person())'
        return f'{here}."{relation.column}" = ANY ((SELECT tenancy_organizations())::bigint[])'
    there = f"t{depth}"
    inner = _condition(other, rest, there, depth + 1)
    theirs, ours = (relation.remote_field.column, "id") if relation.auto_created else ("id", relation.column)
    table = f'"{other._meta.db_table}" AS {there}'
    if isinstance(other.__dict__.get("tenant"), Public):
        return f'{here}."{ours}" IN (SELECT {there}."{theirs}" FROM {table} WHERE {inner})'
    return f'EXISTS (SELECT FROM {table} WHERE {there}."{theirs}" = {here}."{ours}" AND {inner})'
