"""A backup opens only whole and only here, and the drill proves that a city can be had back."""

import io
import os
import re
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from config import backups, tasks
from config.backups import CannotRestore
from config.embedded.postgres import COPYIST
from portal.audit import actions as audit
from portal.audit.models import Checkpoint, Event, Seal
from portal.backups import actions as records
from portal.backups import queries
from portal.backups.models import Backup
from portal.crypto import DoesNotOpen
from portal.crypto.files import PIECE, seal_file, unseal_file
from portal.notices.models import Notice
from tests import city as town
from tests.city import NOON, bill, place, run


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backups"


def sealed(plain: bytes) -> bytes:
    out = io.BytesIO()
    seal_file(io.BytesIO(plain), out, "backup")
    return out.getvalue()


def unsealed(blob: bytes, purpose="backup") -> bytes:
    out = io.BytesIO()
    unseal_file(io.BytesIO(blob), out, purpose)
    return out.getvalue()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5])
def test_a_file_comes_back_whole(size):
    plain = os.urandom(size)

    blob = sealed(plain)

    assert unsealed(blob) == plain
    assert size < 32 or plain[:32] not in blob


def test_a_file_that_was_cut_altered_or_put_together_anew_does_not_open():
    plain = os.urandom(3 * PIECE)
    blob = sealed(plain)
    start = len(blob) - 3 * (PIECE + 16 + 5)
    pieces = [blob[start + n * (PIECE + 21) : start + (n + 1) * (PIECE + 21)] for n in range(3)]

    for spoiled in (
        blob[:-1],
        blob[: -(PIECE + 21)],
        blob[:start],
        blob[: start + 9] + bytes([blob[start + 9] ^ 1]) + blob[start + 10 :],
        blob[:start] + pieces[1] + pieces[0] + pieces[2],
        blob[:start] + pieces[2],
        b"x" + blob,
        b"",
    ):
        with pytest.raises(DoesNotOpen):
            unsealed(spoiled)
    with pytest.raises(DoesNotOpen):
        unsealed(blob, purpose="other")


def url() -> str:
    about = connection.settings_dict
    return f"postgres://{about['USER']}:{about['PASSWORD']}@{about['HOST']}:{about['PORT']}/{about['NAME']}"


@pytest.mark.slow
def test_a_city_is_had_back_and_proved(transactional_db, folder, capsys):
    city = town.found()
    order = place(city, cards=1)
    run(order, seconds=600)
    bill(order)
    while audit.seal():
        pass
    audit.take_checkpoint(at=NOON)
    copy = backups.take(url(), folder, kept=2)

    done = backups.drill(folder)

    assert done.name == copy.name
    assert re.match(r"grant_app_role: portal_app: \d+ append-only", done.findings[0])
    links, points = Seal.objects.count(), Checkpoint.objects.count()
    assert done.findings[1].startswith(f"verify_audit: {links} links and {points} checkpoints hold; 0 events")
    assert done.findings[2] == "check_books: books hold: 0 disagreements"
    assert 0 < done.restored_seconds < done.checked_seconds
    assert b"PGDMP" not in (folder / copy.name).read_bytes()
    assert len((folder / "drills.jsonl").read_text().splitlines()) == 1


def test_only_so_many_copies_are_kept(db, folder):
    taken = [backups.take(url(), folder, kept=2).name for _ in range(3)]

    assert [copy.name for copy in backups.copies(folder)] == [taken[2], taken[1]]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*taken[1:], *(f"{name}.json" for name in taken[1:])]
    )


def test_an_altered_copy_is_refused_before_anything_is_restored(db, folder, tmp_path):
    copy = backups.take(url(), folder, kept=2)
    path = folder / copy.name
    blob = bytearray(path.read_bytes())
    blob[len(blob) // 2] ^= 1
    path.write_bytes(blob)

    with pytest.raises(CannotRestore, match="is not what was written"):
        backups.open_into(folder, copy, tmp_path / "dump")


def test_without_a_backup_the_drill_says_what_to_do(folder):
    with pytest.raises(CannotRestore, match="make backup"):
        backups.drill(folder)


def test_a_database_that_does_not_answer_leaves_no_copy(folder):
    with pytest.raises(CannotRestore, match="pg_dump"):
        backups.take("postgres://nobody:x@127.0.0.1:1/none", folder, kept=2)

    assert list(folder.iterdir()) == []


# --- every night --------------------------------------------------------------------------------------
@pytest.fixture
def nightly(db, folder, settings, pytestconfig):
    """A worker that may copy, as the role that reads every row and writes none."""
    from tests.conftest import SERVERS

    postgres = pytestconfig.stash[SERVERS].postgres
    database = connection.settings_dict["NAME"]
    settings.DATABASE_BACKUP_URL = postgres.url(COPYIST).rsplit("/", 1)[0] + f"/{database}"
    settings.BACKUP_DIR, settings.BACKUPS_KEPT = str(folder), 2
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(f'GRANT CONNECT ON DATABASE "{database}" TO {COPYIST}')
        cursor.execute("SET ROLE portal_app")
    return folder


def test_a_night_has_one_copy_however_often_the_beat_strikes(nightly):
    for _ in range(3):
        tasks.take_nightly_backup()

    record = Backup.objects.get()
    copy = next(backups.copies(nightly))
    assert [path.name for path in nightly.iterdir() if path.suffix == ".backup"] == [record.name]
    assert (record.name, record.sm3, record.bytes, record.error) == (copy.name, copy.sm3, copy.bytes, "")
    assert [event.name for event in Event.objects.filter(subject_code=record.code)] == ["backup.taken"]
    assert queries.state(timezone.now()) == "ok"


def test_whoever_copies_reads_all_and_writes_nothing(nightly):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolbypassrls, rolsuper, pg_has_role(rolname, 'pg_read_all_data', 'MEMBER'), "
            "has_table_privilege(rolname, 'portal_user', 'INSERT, UPDATE, DELETE') FROM pg_roles WHERE rolname = %s",
            [COPYIST],
        )
        assert cursor.fetchone() == (True, False, True, False)


def test_a_night_that_failed_is_told_once_and_tried_again_after_an_hour(city, nightly, settings):
    good, settings.DATABASE_BACKUP_URL = settings.DATABASE_BACKUP_URL, "postgres://nobody:x@127.0.0.1:1/none"
    for _ in range(2):
        with pytest.raises(CannotRestore, match="pg_dump"):
            tasks.take_nightly_backup()
        Backup.objects.update(ended_at=timezone.now() - Backup.PAUSE)
    told = Notice.objects.filter(url="/status/")

    assert queries.state(timezone.now()) == "failed"
    assert [notice.user for notice in told] == [city.sysadmin]
    assert Event.objects.filter(name="backup.failed").count() == 2
    ready = Client().get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["backup"]) == (200, "failed")
    assert "最近一次备份未成功" in Client().get("/status/").content.decode()
    assert "portal_backup_failed 1.0" in Client().get("/metrics").content.decode()

    settings.DATABASE_BACKUP_URL = good
    tasks.take_nightly_backup()

    assert queries.state(timezone.now()) == "ok"
    assert "portal_backup_failed 0.0" in Client().get("/metrics").content.decode()


def test_a_copy_in_hand_is_nobody_elses_until_its_holder_is_surely_dead(db):
    at = timezone.now()
    record = records.begin(night=at.date(), at=at)

    assert records.begin(night=at.date(), at=at + Backup.LEASE - timedelta(seconds=1)) is None
    assert records.begin(night=at.date(), at=at + Backup.LEASE) == record


def test_a_copy_older_than_a_day_is_seen_by_everybody(db):
    at = timezone.now()
    record = records.begin(at=at - timedelta(hours=26, seconds=1))
    records.finish(backup_id=record.id, name="x", size=1, sm3="0" * 64, by=None, at=at)

    assert queries.state(at) == "late"
    assert Client().get("/readyz").json()["checks"]["backup"] == "late"
    assert "已超过 26 小时" in Client().get("/status/").content.decode()
    age = re.search(r"^portal_backup_age_seconds (\S+)$", Client().get("/metrics").content.decode(), re.M)
    assert 93601 <= float(age.group(1)) < 93700


def test_without_a_copyist_nights_pass_without_a_copy(db, settings):
    settings.DATABASE_BACKUP_URL = ""

    tasks.take_nightly_backup()

    assert not Backup.objects.exists()


def test_a_draft_of_a_killed_process_is_swept_a_day_later(db, folder):
    folder.mkdir()
    (dead, alive) = (folder / ".dead.backup", folder / ".alive.backup")
    dead.touch()
    alive.touch()
    os.utime(dead, (time.time() - backups.DEAD_AFTER - 1,) * 2)

    backups.take(url(), folder, kept=2)

    assert (dead.exists(), alive.exists()) == (False, True)
