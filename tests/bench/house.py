"""A house for a measurement: servers of its own, tables made by their owner, everything else done by the application."""

import os
import subprocess
import sys

from config.embedded.postgres import APPLICATION, OWNER
from config.embedded.steps import ROOT


def prepare(servers, *, with_city=True) -> dict[str, str]:
    """Tables as the owner, then everything as the application, which may not alter history."""
    env = os.environ | servers.env | {"LOG_LEVEL": "WARNING", "CITY_IS_DEMO": "true"}
    for name in ("DATABASE_OWNER_URL",):
        env.pop(name)
    owner, application = servers.postgres.url(OWNER), servers.postgres.url(APPLICATION)
    steps = [("migrate", owner), ("grant_app_role", owner), ("load_demo_city", application)]
    for command, url in steps if with_city else steps[:2]:
        subprocess.run(
            [sys.executable, "manage.py", command, "-v0"],
            cwd=ROOT, env=env | {"DATABASE_URL": url}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return env | {"DATABASE_URL": application}
