"""The ways to pay that this city has switched on, in the order they pay."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.funding.protocol import Source


@cache
def all_sources() -> tuple[Source, ...]:
    return tuple(import_string(path)() for path in settings.FUNDING_SOURCES)


def source(code: str) -> Source:
    return next(s for s in all_sources() if s.code == code)
