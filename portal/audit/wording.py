"""What changed, in the reader's words: labels and values as the pages of the thing itself say them."""

from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

KINDS = {
    "membership": _lazy("成员角色"),
    "organization": _lazy("单位"),
    "plan": _lazy("商品"),
    "planprice": _lazy("商品价格"),
    "programme": _lazy("补贴项目"),
    "project": _lazy("项目"),
    "user": _lazy("账号"),
    "voucher": _lazy("算力券"),
}


# What most rows have and no form asks for.
LABELS = {
    "amount": _lazy("金额"),
    "code": _lazy("编号"),
    "created_at": _lazy("创建时间"),
    "granted_by": _lazy("授权人"),
    "organization": _lazy("单位"),
    "programme": _lazy("补贴项目"),
    "status": _lazy("状态"),
    "user": _lazy("人员"),
    "username": _lazy("用户名"),
}


@dataclass(frozen=True)
class Change:
    """One field before and after."""

    label: str
    before: str
    after: str
    is_different: bool


def changes(event) -> list[Change]:
    """Every field that an event names before and after."""
    before, after = event.details.get("before"), event.details.get("after")
    if before is None and after is None:
        return []
    before, after = _fields(before), _fields(after)
    kind = _model(event.subject_type)
    return [
        Change(
            label(kind, name),
            word(kind, name, before.get(name)),
            word(kind, name, after.get(name)),
            before.get(name) != after.get(name),
        )
        for name in dict.fromkeys([*before, *after])
    ]


def facts(event) -> list[tuple[str, str]]:
    """What else an event says of itself."""
    kind = _model(event.subject_type)
    return [
        (label(kind, name), word(kind, name, value))
        for name, value in event.details.items()
        if name not in ("before", "after")
    ]


def label(kind, name: str) -> str:
    """A field as the forms of its thing call it."""
    field = _field(kind, name)
    named = str(field.verbose_name) if field else name
    return named if named != name.replace("_", " ") else str(LABELS.get(name, name))


def kind_in_words(name: str) -> str:
    """A kind of row as its pages call it."""
    return str(KINDS.get(name, name))


def word(kind, name: str, value) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return _("、").join(str(each) for each in value)
    choices = dict(getattr(_field(kind, name), "flatchoices", ()))
    return str(choices.get(value, value))


def _fields(value) -> dict:
    """A single word is the row's state."""
    return value if isinstance(value, dict) else {} if value is None else {"status": value}


def _model(name: str):
    return next((model for model in apps.get_models() if model._meta.model_name == name), None)


def _field(kind, name: str):
    found = {field.name: field for field in kind._meta.get_fields()} if kind else {}
    field = found.get(name)
    return field if isinstance(field, models.Field) else None
