"""The web server's door."""

import os

from django.core.wsgi import get_wsgi_application

from config import tracing, walls

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

tracing.start()
application = get_wsgi_application()
walls.insist()
