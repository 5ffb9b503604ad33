"""One foreground process that starts everything in order, restarts what dies, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from config.embedded import environment, processes, programs, ray, redis
from config.embedded.lock import lock
from config.embedded.postgres import APPLICATION, COPYIST, OWNER, Postgres
from config.embedded.processes import Service
from config.embedded.state import State, is_free
from config.embedded.steps import ROOT, Step, steps

TICK = 0.1
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 30.0, 10.0
DEATHS_BEFORE_READY = 3
NOT_FOR_ALL = ("DATABASE_OWNER_URL", "DATABASE_BACKUP_URL")
KEEPERS = ("postgres", "redis")
PULSE_EVERY, SILENCE = 5.0, 60.0
# A busy machine takes more than a minute to bring a server up; ending it meanwhile would begin it all over again.
FIRST_SILENCE = 300.0


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


class CannotStart(Exception):
    """A sad fact that the person in front of the screen must hear in one sentence."""


class Child:
    """A service with its present process and its history of deaths."""

    def __init__(self, service: Service):
        self.service = service
        self.process: subprocess.Popen | None = None
        self.pause = FIRST_PAUSE
        self.started_at = 0.0
        self.due_at = 0.0
        self.heard_at = 0.0
        self.asked_at = 0.0
        self.deaths = 0

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None


class Supervisor:
    def __init__(self, state: State, say: Callable[[str], None]):
        self.state = state
        self.say = say
        self.children: list[Child] = []
        self.env: dict[str, str] = {}
        self.copyist = ""
        self.asked_to_stop = False
        self.began = time.monotonic()

    # --- the whole day ---------------------------------------------------------------------------
    def run(self) -> int:
        """Serve until told to stop. The exit code is 0 only for an orderly end."""
        self.state.prepare()
        with lock(self.state):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._stop_soon)
            processes.adopt_orphans()
            try:
                self._open_the_house()
                while True:
                    self._wait(lambda: False, 3600)
            except Stopped:
                return 0
            except CannotStart as sad:
                self.say(f"\n{sad}")
                return 1
            finally:
                self._close_the_house()

    def _everybody(self) -> list[psutil.Process]:
        return processes.marked(self.state.root)

    def _stop_soon(self, number, frame) -> None:
        if self.asked_to_stop and number == signal.SIGINT:
            self.say("Ending everything at once.")
            processes.end(self._everybody(), seconds=0)
        self.asked_to_stop = True

    def _open_the_house(self) -> None:
        host, port = environment.web_address()
        if left := processes.sweep(self._everybody):
            self.say(f"  ended {left} processes of an earlier run that was killed")
        for log in self.state.logs.glob("*.log"):
            if not log.name.startswith("setup-"):
                log.replace(log.with_suffix(".previous"))
        if not is_free(port, host):
            raise CannotStart(f"Port {port} is taken by another program. Choose one: make up PORT={port + 1}")
        self.env = environment.basics(self.state)
        self._database()
        self._queue()
        ray_child = self._compute()
        environment.write(self.state, self.env)
        for step in steps(self.state.root, is_demo=environment.is_demo(self.env)):
            self._carry_out(step)
        self._start(programs.web(host, port), "Web server")
        for service in (programs.worker(self.copyist), programs.beat(self.state)):
            self._start(service, None)
        if ray_child:
            self._launch(ray_child)
        self._greet()
        if ray_child:
            self._wait(ray_child.service.ready, 120)
            self.say(f"  Ray is up: {self.env['RAY_ADDRESS']}")

    # --- servers ---------------------------------------------------------------------------------
    def _database(self) -> None:
        if url := os.environ.get("DATABASE_URL"):
            self.env |= {"DATABASE_URL": url, "DATABASE_OWNER_URL": os.environ.get("DATABASE_OWNER_URL", url)}
            self.copyist = os.environ.get("DATABASE_BACKUP_URL", "")
            self.env["DATABASE_APP_ROLE"] = os.environ.get("DATABASE_APP_ROLE", "")
            return
        postgres = Postgres(self.state)
        if postgres.initialise():
            self.say("  made a new database")
        self._start(postgres.service(), "PostgreSQL")
        self.env |= {
            "DATABASE_URL": postgres.url(APPLICATION),
            "DATABASE_OWNER_URL": postgres.url(OWNER),
            "DATABASE_APP_ROLE": APPLICATION,
        }
        self.copyist = postgres.url(COPYIST)

    def _queue(self) -> None:
        if url := os.environ.get("REDIS_URL"):
            self.env["REDIS_URL"] = url
            return
        service, self.env["REDIS_URL"] = redis.service(self.state)
        self._start(service, "Redis")

    def _compute(self) -> Child | None:
        """Ray is slow to wake, so it is only made known here and started behind the login page."""
        if "RAY_ADDRESS" in os.environ:
            self.env["RAY_ADDRESS"] = os.environ["RAY_ADDRESS"]
            return None
        service, self.env["RAY_ADDRESS"] = ray.service(self.state)
        return Child(service)

    def _start(self, service: Service, title: str | None) -> None:
        """Start a server; with a title, also wait until it answers."""
        child = Child(service)
        self._launch(child)
        if not title:
            return
        began = time.monotonic()
        if not self._wait(service.ready, 90, child):
            raise CannotStart(
                f"{title} did not start. Its last words:\n{last_words(self._log(service.name))}"
            )
        self.say(f"  {title:<14} {time.monotonic() - began:5.1f} s")

    def _launch(self, child: Child) -> None:
        service = child.service
        if child.process:
            # Its own children may have outlived it and still hold its ports.
            processes.sweep(partial(processes.family, {child.process.pid}))
        service.before()
        with self._log(service.name).open("ab") as log:
            child.process = processes.spawn(
                service.argv,
                mark=self.state.root,
                log=log,
                env=(self._environment() if service.is_ours else processes.bare_environment()) | service.env,
                user=service.user,
                cwd=service.cwd or ROOT,
                last_wish=service.stop_signal,
            )
        child.started_at = child.heard_at = child.asked_at = time.monotonic()
        child.due_at = 0.0
        if child not in self.children:
            self.children.append(child)

    def _environment(self) -> dict[str, str]:
        """Every address but the owner's and the copyist's: the programs that serve may not alter history."""
        mine = os.environ | self.env | {"VAR_DIR": str(self.state.root)}
        return {name: value for name, value in mine.items() if name not in NOT_FOR_ALL}

    def _log(self, name: str) -> Path:
        return self.state.logs / f"{name}.log"

    # --- steps -----------------------------------------------------------------------------------
    def _carry_out(self, step: Step) -> None:
        database = self.env["DATABASE_URL"]
        # A database kept elsewhere may have been replaced without our knowing.
        is_kept_elsewhere = step.in_database and "DATABASE_URL" in os.environ
        if step.is_done(self.state.stamps, database) and not is_kept_elsewhere:
            return
        began = time.monotonic()
        env = self._environment() | (
            {"DATABASE_URL": self.env["DATABASE_OWNER_URL"]} if step.as_owner else {}
        )
        log_path = self._log(f"setup-{step.name}")
        with log_path.open("wb") as log:
            process = processes.spawn(step.argv, mark=self.state.root, log=log, env=env, cwd=ROOT)
        is_over = self._wait(lambda: process.poll() is not None, 600, running=process)
        if not is_over or process.returncode:
            raise CannotStart(f"{step.title} failed. Its last words:\n{last_words(log_path)}")
        step.stamp(self.state.stamps, database)
        self.say(f"  {step.title:<14} {time.monotonic() - began:5.1f} s")

    # --- watching --------------------------------------------------------------------------------
    def _wait(
        self, is_done: Callable[[], bool], seconds: float, child: Child | None = None, running=None
    ) -> bool:
        """Look after everybody until something is done; False when it takes too long or keeps dying."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._look_after(running)
            if is_done():
                return True
            if child and child.deaths >= DEATHS_BEFORE_READY:
                return False
            time.sleep(TICK)
        return False

    def _look_after(self, running: subprocess.Popen | None = None) -> None:
        if self.asked_to_stop:
            raise Stopped
        now = time.monotonic()
        for child in self.children:
            if child.due_at and now >= child.due_at:
                self._launch(child)
            elif not child.due_at and child.died():
                self._mourn(child, now)
            elif not child.due_at and now - child.asked_at > PULSE_EVERY:
                self._feel_the_pulse(child)
        ours = [child.process for child in self.children if child.process]
        processes.reap_orphans(ours + ([running] if running else []))

    def _feel_the_pulse(self, child: Child) -> None:
        """A server that answered once and has not for a minute is as good as dead."""
        patience = SILENCE if child.heard_at > child.started_at else FIRST_SILENCE
        is_well = child.service.ready()
        child.asked_at = now = time.monotonic()
        if is_well:
            child.heard_at = now
        elif now - child.heard_at > patience and child.process:
            self.say(f"  {child.service.name} does not answer; ending it")
            child.process.kill()

    def _mourn(self, child: Child, now: float) -> None:
        """A dead server comes back after a pause that grows while it keeps dying."""
        child.deaths += 1
        if now - child.started_at > STEADY:
            child.pause = FIRST_PAUSE
        name, code = child.service.name, child.process.returncode if child.process else None
        self.say(f"  {name} ended ({describe(code)}); starting it again in {child.pause:g} s")
        child.due_at, child.pause = now + child.pause, min(child.pause * 2, LONGEST_PAUSE)

    # --- the end ---------------------------------------------------------------------------------
    def _close_the_house(self) -> None:
        """Those who write first, those who keep last; then whoever is still there."""
        self.say("\nStopping …")
        keepers = [child for child in self.children if child.service.name in KEEPERS]
        writers = [child for child in self.children if child not in keepers]
        for group in (writers, keepers):
            started = [(child.process, child.service) for child in group if child.process]
            for process, service in started:
                if process.poll() is None:
                    process.send_signal(service.stop_signal)
            for process, service in started:
                see_off(process, service.stop_seconds)
            processes.sweep(partial(processes.family, {process.pid for process, _ in started}), seconds=1)
        processes.sweep(self._everybody, seconds=1)
        processes.sweep(psutil.Process().children, seconds=1)
        processes.reap_orphans([])
        (self.state.run / "env").unlink(missing_ok=True)
        shutil.rmtree(self.state.temporary, ignore_errors=True)
        self.say("Everything has stopped.")

    def _greet(self) -> None:
        self.say(f"\n  {self.env['PUBLIC_URL']}    ready after {time.monotonic() - self.began:.1f} s")
        if not environment.is_demo(self.env):
            self.say(f"\n  The first administrators: {sys.executable} manage.py first_admin")
        elif (accounts := self._log("setup-demo")).exists() and (text := accounts.read_text().strip()):
            self.say("\n" + "\n".join(f"  {line}" for line in text.splitlines()))
        self.say(f"\n  Logs: {self.state.logs}    Stop: Ctrl-C\n")


def see_off(process: subprocess.Popen, seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def describe(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def last_words(log: Path, lines: int = 25) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) + f"\n  The whole log: {log}"
