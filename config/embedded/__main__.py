"""`python -m config.embedded up|down|reset|test-servers`."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

import psutil

from config.embedded import processes
from config.embedded.lock import AlreadyRunning, lock
from config.embedded.state import State
from config.embedded.steps import ROOT
from config.embedded.supervisor import Supervisor

PATIENCE = 60


def say(line: str) -> None:
    """Tell the person in front of the screen, who may have closed it; the servers must be ended all the same."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def up(state: State) -> int:
    try:
        return Supervisor(state, say).run()
    except AlreadyRunning as sad:
        print(sad)
        return 1


def down(state: State) -> int:
    """Stop what runs here; nothing running is fine too."""
    if not state.run.exists():
        print("Nothing is running here.")
        return 0
    try:
        with lock(state):
            left = processes.sweep(lambda: processes.marked(state.root))
            print(f"No supervisor is running here; ended {left} processes it had left." if left
                  else "Nothing is running here.")  # fmt: skip
            return 0
    except AlreadyRunning as running:
        return _stop(state, running.pid)


def _stop(state: State, pid: int) -> int:
    supervisor = psutil.Process(pid)
    supervisor.send_signal(signal.SIGTERM)
    try:
        supervisor.wait(PATIENCE)
    except psutil.TimeoutExpired:
        supervisor.kill()
        processes.sweep(lambda: processes.marked(state.root))
    print("Stopped.")
    return 0


def reset(state: State) -> int:
    down(state)
    state.remove()
    print(
        "The database, passwords, logs and built files of this checkout are gone; make up starts from nothing."
    )
    return 0


def test_servers(state: State) -> int:
    """Keep a throwaway PostgreSQL and Redis running, for many short test runs in another window."""
    from config.embedded.throwaway import Throwaway

    with Throwaway() as servers:
        for name, value in servers.env.items():
            print(f"export {name}='{value}'")
        print("# Ctrl-C ends them.", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0


COMMANDS = {"up": up, "down": down, "reset": reset, "test-servers": test_servers}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    state = State(Path(os.environ.get("VAR_DIR", ROOT / "var")))
    if state.root.exists() and state.root.stat().st_uid != os.getuid():
        print(f"{state.root} belongs to another user. Run this as that user, or remove the folder.")
        return 1
    return COMMANDS[parser.parse_args().command](state)


sys.exit(main())
