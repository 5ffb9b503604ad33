"""Child processes that are never lost: whatever is started here can be found again and ended."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

# Inherited by every descendant, so that even a process that left its parents can be recognised.
MARK = "EMBEDDED_STATE"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Service:
    """A server as the supervisor sees it: how to start it, how to ask whether it is up, how to end it."""

    name: str
    argv: list[str]
    ready: Callable[[], bool]
    env: dict[str, str] = field(default_factory=dict)
    # Our own programs get the addresses; a stranger's jobs run inside Ray and must find no password around them.
    is_ours: bool = False
    user: int | None = None
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    before: Callable[[], None] = lambda: None


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent dies."""
    if libc:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def reap_orphans(ours: Iterable[subprocess.Popen]) -> None:
    """Bury adopted children; our own are left for their Popen to read the exit code."""
    known = {child.pid for child in ours}
    while True:
        try:
            dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if dead is None or dead.si_pid in known:
            return
        os.waitpid(dead.si_pid, os.WNOHANG)


def bare_environment() -> dict[str, str]:
    """What any program may know of this machine."""
    names = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in names if name in os.environ}


def spawn(
    argv, *, mark: Path, log, env: dict[str, str], user=None, cwd=None, last_wish=signal.SIGTERM
) -> subprocess.Popen:
    """Start a child in a session of its own that gets `last_wish` when we die without a word."""
    parent = os.getpid()

    def follow_parent():
        if libc:
            libc.prctl(PR_SET_PDEATHSIG, int(last_wish))
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**env, MARK: str(mark)},
        cwd=cwd,
        start_new_session=True,
        preexec_fn=follow_parent,
        **({"user": user, "group": user_group(user), "extra_groups": []} if user is not None else {}),
    )


def user_group(uid: int) -> int:
    import pwd

    return pwd.getpwuid(uid).pw_gid


def family(sessions: set[int]) -> list[psutil.Process]:
    """Every living process of these sessions; a child keeps its session when its parent dies."""
    return [process for process in psutil.process_iter() if _session(process) in sessions]


def marked(mark: Path) -> list[psutil.Process]:
    """Every living process that descends from a server of this state folder."""
    # Some programs write their title over their environment, so the session stands in for it.
    return family({_session(process) for process in psutil.process_iter() if _is_marked(process, mark)})


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return 0


def _is_marked(process: psutil.Process, mark: Path) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == str(mark)
    except (psutil.Error, OSError):
        return False


def end(processes: Iterable[psutil.Process], seconds: float = 3) -> None:
    """Ask, wait a little, then insist."""
    alive = [process for process in processes if _signal(process, signal.SIGTERM)]
    _, alive = psutil.wait_procs(alive, timeout=seconds)
    for process in alive:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=seconds)


def sweep(find: Callable[[], list[psutil.Process]], seconds: float = 3) -> int:
    """End everybody who is found, until nobody is; say how many there were at first."""
    found = len(left := find())
    deadline = time.monotonic() + 4 * seconds
    # A dying process may still start another one.
    while left and time.monotonic() < deadline:
        end(left, seconds)
        left = find()
    return found


def _signal(process: psutil.Process, number: int) -> bool:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True
