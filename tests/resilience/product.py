"""The whole product as one running thing: started by its own supervisor, asked by HTTP, struck by SIGKILL."""

import base64
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import psycopg2

from config.demo.data import PASSWORD
from config.embedded import processes
from config.embedded.state import LOOPBACK, State
from config.embedded.steps import ROOT

# What tells one child of the supervisor from another.
WORDS = {
    "web": "granian",
    "worker": " worker ",
    "beat": " beat ",
    "redis": "redis-server",
    "postgres": "postgres",
    "ray": "ray start",
}
SCOPES = {
    "bob": ["orders:read", "orders:write"],
    "finance": ["settlement:read", "settlement:write"],
}
OFFICERS = {"finance"}


def wait_for(what, is_done, seconds=90, every=0.05):
    """The first true answer; TimeoutError says what never happened."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := is_done():
            return answer
        time.sleep(every)
    raise TimeoutError(what)


def _is_dashboard(process) -> bool:
    # Ray's own helpers come and go.
    with suppress(psutil.NoSuchProcess):
        return "dashboard.py" in " ".join(process.cmdline())
    return False


class Product:
    """One `make up` in a folder of its own."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="compute-killed-"))
        # The database does not run as root, and its user must reach it.
        self.home.chmod(0o755)
        self.state = State(self.home / "var")
        self.state.prepare()
        self.port = self.state.port("web")
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.env = processes.bare_environment() | {"VAR_DIR": str(self.state.root), "PORT": str(self.port)}
        self._database = None
        self._keys = {}

    # --- life ------------------------------------------------------------------------------------
    def start(self):
        for built in ("assets", "fonts"):
            if (ROOT / "var" / built).exists():
                shutil.copytree(ROOT / "var" / built, self.state.root / built)
        with (self.home / "supervisor.log").open("ab") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "config.embedded", "up"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for("the product is up", self._is_up, 400, every=0.3)
        wait_for("every cluster is online", lambda: not self.rows(
            "SELECT 1 FROM federation_cluster WHERE state <> 'online'"
        ), 90, every=0.3)  # fmt: skip

    def _is_up(self):
        assert self.supervisor.poll() is None, self.words()
        return self.is_ready() and self.checks().get("ray") == "ok"

    def is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=3, trust_env=False).is_success
        return False

    def checks(self) -> dict:
        return httpx.get(f"{self.url}/readyz", timeout=3, trust_env=False).json()["checks"]

    def note(self, sentence):
        """Among the supervisor's own words, so that both are read in their order."""
        with (self.home / "supervisor.log").open("a") as log:
            log.write(f"{sentence}\n")

    def words(self) -> str:
        return (self.home / "supervisor.log").read_text(errors="replace")

    def stop(self) -> list[psutil.Process]:
        """Ask for an orderly end; whoever is still there afterwards."""
        if self.supervisor.poll() is None:
            self.supervisor.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.supervisor.wait(60)
        left = processes.marked(self.state.root)
        if self.supervisor.poll() is None:
            self.supervisor.kill()
        processes.sweep(lambda: processes.marked(self.state.root))
        return left

    def remove(self):
        keep = ROOT / "var" / "resilience"
        shutil.rmtree(keep, ignore_errors=True)
        if self.state.logs.exists():
            shutil.copytree(self.state.logs, keep)
            shutil.copy(self.home / "supervisor.log", keep)
        self.state.remove()
        shutil.rmtree(self.home, ignore_errors=True)

    # --- death -----------------------------------------------------------------------------------
    def child(self, name) -> psutil.Process | None:
        for process in psutil.Process(self.supervisor.pid).children():
            with suppress(psutil.Error):
                if WORDS[name] in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    return process
        return None

    def kill(self, name) -> int:
        """SIGKILL for a server and everything it started, as when the power fails."""
        struck = wait_for(f"{name} is there to be killed", lambda: self.child(name))
        family = processes.family({struck.pid})
        for process in [struck, *family]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        return struck.pid

    def recovered(self, name, pid):
        """Wait until the supervisor has brought it back and visitors are let in."""
        wait_for(f"{name} is back", lambda: (c := self.child(name)) and c.pid != pid, 60)
        wait_for("visitors are let in", self.is_ready, 60)

    # --- rows ------------------------------------------------------------------------------------
    def _addresses(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.state.run / "env").read_text().splitlines())

    def connect(self):
        connection = psycopg2.connect(self._addresses()["DATABASE_OWNER_URL"], connect_timeout=2)
        connection.autocommit = True
        return connection

    def rows(self, sql, *values) -> list[tuple]:
        """What the rows say; asked again while the database is away."""

        def ask():
            try:
                self._database = self._database or self.connect()
                with self._database.cursor() as cursor:
                    cursor.execute(sql, values)
                    return (cursor.fetchall(),)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._database = None
                return None

        return wait_for("the database answers", ask, 60)[0]

    @contextmanager
    def stretched(self, table):
        """Let whoever writes into this table wait there, in the middle of his transaction, until we are done."""
        connection = self.connect()
        connection.autocommit = False
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
            yield lambda: wait_for(f"somebody waits for {table}", lambda: self._waits(table), 60, every=0.01)
        finally:
            with suppress(psycopg2.Error):
                connection.close()

    def _waits(self, table) -> bool:
        return bool(
            self.rows(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass AND mode = 'RowExclusiveLock'",
                table,
            )
        )

    def ray_jobs(self) -> list[dict]:
        """What Ray itself knows of the jobs it was given."""
        return httpx.get(f"{self._addresses()['RAY_ADDRESS']}/api/jobs/", timeout=10, trust_env=False).json()

    @contextmanager
    def speechless_ray(self):
        """Let whoever speaks to Ray wait for its answer until we are done."""
        speakers = [p for p in processes.family({self.child("ray").pid}) if _is_dashboard(p)]
        for speaker in speakers:
            speaker.suspend()
        try:
            yield
        finally:
            for speaker in speakers:
                speaker.resume()

    # --- words -----------------------------------------------------------------------------------
    def key_of(self, username) -> str:
        if username not in self._keys:
            word = base64.b64encode(f"{username}:{PASSWORD}".encode()).decode()
            wishes = {"name": "resilience", "scopes": SCOPES[username]}
            if username in OFFICERS:
                wishes["code"] = self.manage("demo_code", username).stdout.strip()
            answer = httpx.post(
                f"{self.url}/api/v1/tokens/",
                json=wishes,
                headers={"authorization": f"Basic {word}"},
                timeout=20,
                trust_env=False,
            )
            self._keys[username] = answer.raise_for_status().json()["secret"]
        return self._keys[username]

    def ask(self, method, path, *, by="bob", body=None, seconds=90, **headers):
        """Say it until somebody answers: a lost answer, a dead server and a 5xx all mean asking again."""

        def once():
            with suppress(httpx.HTTPError):
                answer = httpx.request(
                    method,
                    f"{self.url}/api/v1/{path}",
                    json=body,
                    headers={"authorization": f"Bearer {self.key_of(by)}", **headers},
                    timeout=15,
                    trust_env=False,
                )
                if answer.status_code < 500:
                    return answer
            return None

        return wait_for(f"{method} {path} is answered", once, seconds, every=0.2)

    def manage(self, *arguments):
        """One of the product's own commands, on its running servers."""
        env = {name: value for name, value in self.env.items() if name != "PORT"}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip


class Later(threading.Thread):
    """A caller who is still on the line while things happen."""

    def __init__(self, deed):
        super().__init__(daemon=True)
        self.deed = deed
        self.outcome = self.failure = None
        self.start()

    def run(self):
        try:
            self.outcome = self.deed()
        except BaseException as failure:
            self.failure = failure

    def said(self):
        """What he brought back so far; his mishap is ours."""
        if self.failure:
            raise self.failure
        return self.outcome

    def result(self, seconds=120):
        self.join(seconds)
        return self.said()
