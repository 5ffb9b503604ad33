"""The product's own settings, pointed at servers that live only as long as this test run."""

import atexit
import os
import shutil
import tempfile

from config.embedded.throwaway import Throwaway

servers = Throwaway()
atexit.register(servers.stop)
# A worker of pytest-xdist inherits its controller's addresses and has servers of its own; what it starts uses the worker's.
me = os.environ.get("PYTEST_XDIST_WORKER", "")
is_mine = os.environ.get("THROWAWAY_OF", me) == me
inherited = [] if is_mine else os.environ["THROWAWAY_SERVERS"].split()
brought = [name for name in servers.env if name in os.environ and name not in inherited]
ours = {name: value for name, value in servers.env.items() if name not in brought}
os.environ |= ours | {"THROWAWAY_SERVERS": " ".join(ours), "THROWAWAY_OF": me}

# Counts of this run alone.
os.environ["METRICS_DIR"] = tempfile.mkdtemp(prefix="metrics-")
atexit.register(shutil.rmtree, os.environ["METRICS_DIR"], ignore_errors=True)

# The people of the tests are the demonstration's.
os.environ["CITY_IS_DEMO"] = "true"

from config.settings import *  # noqa: E402, F403
from config.settings import FRESH_SECONDS, MIDDLEWARE, RATE_LIMITS, STORAGES  # noqa: E402

# Slow hashing protects people, and the people of the tests need no protection.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Files come straight from their folders: no test should depend on what collectstatic left behind.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# One address stands for a whole city of visitors here; the tests of the limits set their own.
RATE_LIMITS = dict.fromkeys(RATE_LIMITS, 1_000_000)
# What a test has just done is seen at once.
FRESH_SECONDS = dict.fromkeys(FRESH_SECONDS, 0)
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]
