"""What became of one row: every version that the database kept of it, and what each changed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from portal.audit.wording import Change, label, word
from portal.shell.history import versions_table
from portal.shell.masking import mask_email

WORDS = {"insert": _("新建"), "update": _("修改"), "delete": _("删除")}
MASKED = {"email": mask_email}
MOST = 200


@dataclass(frozen=True)
class Step:
    """One version of a row: when and how it came to be, in the course of what, and what was different before."""

    at: datetime
    deed: str
    person: str
    request_id: str
    changes: list[Change]

    @property
    def title(self) -> str:
        return f"{self.deed} {localtime(self.at):%Y-%m-%d %H:%M:%S}"


def steps(kind: str, code: str, *, is_masked: bool) -> list[Step] | None:
    """The latest versions of one thing, newest first; nothing where the database keeps none of its kind."""
    table = versions_table(kind)
    if table is None:
        return None
    fields = [f for f in table._meta.concrete_fields if not f.name.startswith("pgh_") and f.name != "id"]
    names = {field.name for field in fields}
    rows = table.objects.filter(**{"code" if "code" in names else "username": code})
    links = [field.name for field in fields if field.is_relation]
    latest = list(rows.select_related(*links).order_by("-pgh_id")[: MOST + 1])
    told = [{f.name: _told(table, f.name, getattr(row, f.name), is_masked) for f in fields} for row in latest]
    return [
        _step(table, row, before, after)
        for row, after, before in zip(latest[:MOST], told, [*told[1:], {}], strict=False)
    ]


def _step(table, row, before, after) -> Step:
    course, is_gone = row.pgh_context or {}, row.pgh_label == "delete"
    changes = [
        Change(label(table, name), before.get(name, "—"), "—" if is_gone else value, is_different=True)
        for name, value in after.items()
        if is_gone or before.get(name, "—") != value
    ]
    return Step(
        row.pgh_created_at,
        str(WORDS[row.pgh_label]),
        course.get("person", ""),
        course.get("request", ""),
        changes,
    )


def _told(table, name, value, is_masked) -> str:
    if is_masked and name in MASKED and value:
        value = MASKED[name](value)
    if isinstance(value, datetime):
        value = f"{localtime(value):%Y-%m-%d %H:%M:%S}"
    return word(table, name, value)
