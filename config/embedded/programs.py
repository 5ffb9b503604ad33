"""Our own programs: the web server, the worker and its clock."""

import sys
from pathlib import Path

import httpx

from config.embedded.processes import Service
from config.embedded.state import LOOPBACK, State


def program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def web(host: str, port: int) -> Service:
    """The web server; one process with a few threads is plenty for one machine."""

    def ready() -> bool:
        try:
            reach = LOOPBACK if host == "0.0.0.0" else host
            return httpx.get(f"http://{reach}:{port}/healthz", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    argv = [
        program("granian"), "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1",
        "--blocking-threads", "6", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5",
        "config.wsgi:application",
    ]  # fmt: skip
    return Service("web", argv, ready, is_ours=True, stop_seconds=8)


def worker(copyist: str) -> Service:
    """Tasks; the nightly copy is one of them, so it alone is told who may read every row."""
    argv = [
        program("celery"), "-A", "config", "worker", "--concurrency", "2", "--loglevel", "INFO",
        "--without-gossip", "--without-mingle", "-O", "fair",
    ]  # fmt: skip
    env = {"DATABASE_BACKUP_URL": copyist}
    return Service("worker", argv, lambda: True, env=env, is_ours=True, stop_seconds=10)


def beat(state: State) -> Service:
    schedule = ("--schedule", str(state.run / "beat"), "--pidfile=")
    argv = [program("celery"), "-A", "config", "beat", "--loglevel", "INFO", *schedule]
    return Service("beat", argv, lambda: True, is_ours=True, stop_seconds=5)
