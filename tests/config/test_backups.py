"""A backup opens only whole and only here, and the drill proves that a city can be had back."""

import io
import os
import re

import pytest
from django.db import connection

from config import backups
from config.backups import CannotRestore
from portal.audit import actions as audit
from portal.audit.models import Checkpoint, Seal
from portal.crypto import DoesNotOpen
from portal.crypto.files import PIECE, seal_file, unseal_file
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
