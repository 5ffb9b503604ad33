"""One supervisor per state folder."""

import fcntl
import os

from config.embedded.state import State


class lock:
    """The kernel forgets the lock when its holder dies, however it dies."""

    def __init__(self, state: State):
        self.path = state.run / "supervisor"

    def __enter__(self):
        self.file = self.path.open("a+")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.seek(0)
            raise AlreadyRunning(int(self.file.read() or 0)) from None
        self.file.truncate(0)
        self.file.write(str(os.getpid()))
        self.file.flush()
        return self

    def __exit__(self, *error):
        self.file.truncate(0)
        self.file.close()


class AlreadyRunning(Exception):
    """Another supervisor holds this state folder."""

    def __init__(self, pid: int):
        self.pid = pid
        super().__init__(f"Already running here as process {pid}. Stop it with: make down")
