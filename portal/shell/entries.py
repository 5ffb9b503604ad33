"""What a centre puts into the portal: its `portal_entries.py` is found at start, like `admin.py`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.utils.translation import gettext_lazy as _

PUBLIC = "public"
SECTIONS = {
    "enterprise": _("用算力"),
    "provider": _("供算力"),
    "government": _("算力券与监管"),
    "platform": _("平台运营"),
    "account": _("单位与账号"),
}


@dataclass(frozen=True)
class Navigation:
    """A door to a page. `action` is the permission that opens it; None opens it for everybody."""

    label: str
    url_name: str
    section: str = PUBLIC
    order: int = 100
    action: str | None = None
    icon: str = "dot"


@dataclass(frozen=True)
class Panel:
    """A cockpit panel. `query(user)` returns the data its kind shows; every number opens `url_name`."""

    code: str
    title: str
    query: Callable
    kind: str
    order: int = 100
    url_name: str = ""
    options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """A number that opens its list: on the front page, and on the desk of whoever signed in."""

    label: str
    value: str
    unit: str = ""
    url: str = ""
    note: str = ""
    icon: str = ""
    tone: str = ""


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
