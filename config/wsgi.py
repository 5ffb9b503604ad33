"""The web server's door."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config import tracing, walls

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

tracing.start()
_django = get_wsgi_application()
walls.insist()


def application(environ, start_response):
    return _django(environ, start_response)


# CPython 3.11 keeps a thread's frames in pieces of 16 KB, and a loop whose calls reach over the end of one maps and unmaps
# memory at each of them, 9 µs instead of 0.03 (gh-142183). A first frame that asks for room has one piece made for all.
ROOM = 1 << 16
application.__code__ = application.__code__.replace(co_stacksize=ROOM)

# What is loaded now stays; looking through it for garbage, again and again, would hold up every tenth answer.
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()
# A long list makes tens of thousands of objects and drops them all: looking every seven hundred is in vain.
gc.set_threshold(50_000, 20, 20)
