"""The addresses that every program of this house reads, written down for whoever comes later."""

import os
import socket
from pathlib import Path

from environ import Env

from config.embedded.state import State, write_private

EXTERNAL = ("DATABASE_URL", "REDIS_URL", "RAY_ADDRESS")
HANDED_ON = (
    *EXTERNAL,
    "DATABASE_OWNER_URL",
    "DATABASE_APP_ROLE",
    "SECRET_KEY",
    "CRYPTO_KEYS",
    "CRYPTO_KEYS_FILE",
    "OIDC_KEY_FILE",
    "AUDIT_EXPORT_DIR",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "PORT",
    "CITY_IS_DEMO",
)


def web_address() -> tuple[str, int]:
    return os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))


def basics(state: State) -> dict[str, str]:
    """What the web server needs to know about itself, unless the environment says otherwise."""
    host, port = web_address()
    names = ["127.0.0.1", "localhost", "[::1]"]
    if host != "127.0.0.1":
        names += [host, socket.gethostname()]
    defaults = {
        "SECRET_KEY": state.secret("django"),
        "OIDC_KEY_FILE": str(state.oidc_key()),
        "AUDIT_EXPORT_DIR": str(state.root / "audit"),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": ",".join(names),
        # A laptop shows the demonstration; CITY_IS_DEMO=false begins with an empty city.
        "CITY_IS_DEMO": "true",
    }
    env = {name: os.environ.get(name, value) for name, value in defaults.items()}
    if keys := os.environ.get("CRYPTO_KEYS"):
        return env | {"CRYPTO_KEYS": keys}
    return env | {"CRYPTO_KEYS_FILE": os.environ.get("CRYPTO_KEYS_FILE", str(state.keys()))}


def is_demo(env: dict[str, str]) -> bool:
    """Whether this is a city to look round in; settings.py reads the same word in the same way."""
    return Env.parse_value(env["CITY_IS_DEMO"], bool)


def write(state: State, env: dict[str, str]) -> Path:
    """Leave the addresses where settings.py finds them, so that manage.py reaches the running servers."""
    path = state.run / "env"
    write_private(path, "".join(f"{name}={env[name]}\n" for name in HANDED_ON if env.get(name)))
    return path
