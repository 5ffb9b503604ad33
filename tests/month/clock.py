"""The house's clock, turned by hand."""

import sys
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from scheduler.dispatch import tasks as dispatch


class Clock:
    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at

    def pass_by(self, **time):
        self.at += timedelta(**time)


@contextmanager
def clock_in_hand(at):
    """Whoever asks the time is told what this clock shows."""
    real, clock = timezone.now, Clock(at)
    readers = [module for module in list(sys.modules.values()) if getattr(module, "now", None) is real]
    defaults = dispatch.sweep.__defaults__
    for module in readers:
        module.now = clock
    dispatch.sweep.__defaults__ = (clock,)
    try:
        yield clock
    finally:
        dispatch.sweep.__defaults__ = defaults
        for module in readers:
            module.now = real
