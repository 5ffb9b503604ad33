"""The web server's door."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config import tracing, walls
from config.frames import roomy

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

tracing.start()
application = roomy(get_wsgi_application())
walls.insist()

# What is loaded now stays; looking through it for garbage, again and again, would hold up every tenth answer.
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()
# A long list makes tens of thousands of objects and drops them all: looking every seven hundred is in vain.
gc.set_threshold(50_000, 20, 20)
