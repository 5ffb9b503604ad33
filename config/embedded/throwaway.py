"""Servers for one test run: fast, forgetful, and gone afterwards."""

import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Self

from config.embedded import processes, ray, redis
from config.embedded.postgres import APPLICATION, OWNER, Postgres
from config.embedded.processes import Service
from config.embedded.state import State


class Throwaway:
    """Addresses are known at once; a server starts when somebody asks for it, and all end together."""

    def __init__(self, *, like_tests: bool = True):
        self.state = State(Path(tempfile.mkdtemp(prefix="compute-test-")))
        self.state.prepare()
        self.state.root.chmod(0o755)
        self.postgres = Postgres(self.state, for_tests=like_tests)
        self.redis, redis_url = redis.service(self.state)
        self.ray, ray_address = ray.service(self.state)
        self.running: dict[str, subprocess.Popen] = {}
        self.up: set[str] = set()
        self.env = {
            "DATABASE_URL": self.postgres.url(OWNER),
            "DATABASE_OWNER_URL": self.postgres.url(OWNER),
            "DATABASE_APP_ROLE": APPLICATION,
            "REDIS_URL": redis_url,
            "RAY_ADDRESS": ray_address,
            "SECRET_KEY": self.state.secret("django"),
            "CRYPTO_KEYS_FILE": str(self.state.keys()),
            "OIDC_KEY_FILE": str(self.state.oidc_key()),
        }

    def start_postgres(self) -> None:
        self.postgres.initialise()
        self._start(self.postgres.service(), 60)

    def start_redis(self) -> None:
        self._start(self.redis, 20)

    def start_ray(self) -> None:
        self._start(self.ray, 170)

    def _start(self, service: Service, seconds: float) -> None:
        if service.name in self.up:
            return
        service.before()
        path = self.state.logs / f"{service.name}.log"
        deadline = time.monotonic() + seconds
        while not service.ready():
            if time.monotonic() > deadline:
                words = path.read_text(errors="replace")[-3000:]
                raise RuntimeError(f"{service.name} did not start:\n{words}")
            if service.name not in self.running:
                self.running[service.name] = self._spawn(service, path)
            elif self.running[service.name].poll() is not None:
                # On a busy machine Ray gives up after half a minute; it is called again while there is time.
                gone = self.running.pop(service.name)
                processes.sweep(partial(processes.family, {gone.pid}), seconds=1)
            time.sleep(0.05)
        self.up.add(service.name)

    def _spawn(self, service: Service, path: Path) -> subprocess.Popen:
        with path.open("ab") as log:
            return processes.spawn(
                service.argv, mark=self.state.root, log=log, env=processes.bare_environment() | service.env,
                user=service.user, cwd=service.cwd, last_wish=service.stop_signal,
            )  # fmt: skip

    def stop(self) -> None:
        """End everything and remove every trace."""
        for process in self.running.values():
            process.kill()
            process.wait()
        sessions = {process.pid for process in self.running.values()}
        processes.sweep(lambda: processes.family(sessions), seconds=1)
        self.state.remove()

    def __enter__(self) -> Self:
        self.start_postgres()
        self.start_redis()
        return self

    def __exit__(self, *error) -> None:
        self.stop()
