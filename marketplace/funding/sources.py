"""The ways to pay that this city has switched on, in the order they pay."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.funding.protocol import Source


@cache
def all_sources() -> tuple[Source, ...]:
    return tuple(import_string(path)() for path in settings.FUNDING_SOURCES)


@cache
def subsidies() -> tuple[str, ...]:
    """What pays before anything else, asked for or not."""
    return tuple(way.code for way in all_sources() if way.is_subsidy)


@cache
def at_hand() -> tuple[str, ...]:
    """What pays the rest unless the buyer asks otherwise: money that is here already."""
    return tuple(way.code for way in all_sources() if not way.is_subsidy and not way.patience)


@cache
def source(code: str) -> Source:
    return next(way for way in all_sources() if way.code == code)
