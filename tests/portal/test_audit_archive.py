"""Old events leave the table for the archive; what stays is proved from where the archive ends."""

import io
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from portal.audit import actions as audit
from portal.audit import queries
from portal.audit.archive import CannotArchive, carry_away
from portal.audit.chain import Break
from portal.audit.checks import kept_long_enough
from portal.audit.models import Archive, Event, Seal
from tests import city as town
from tests.city import place


@pytest.fixture(autouse=True)
def second_store(settings, tmp_path):
    settings.AUDIT_EXPORT_DIR = str(tmp_path / "audit")
    return tmp_path / "audit"


@contextmanager
def as_owner():
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE portal_app")


def changes(city, count):
    for number in range(count):
        audit.record(
            city.lab, "project.changed", by=city.alice, before={"n": number}, after={"n": number + 1}
        )


@pytest.fixture
def old_first(db, monkeypatch):
    """A city founded two years ago that places an order today."""
    now = timezone.now()
    with monkeypatch.context() as past:
        past.setattr(timezone, "now", lambda: now - timedelta(days=730))
        city = town.found(anew=True)
        changes(city, 6)
    while audit.seal():
        pass
    place(city)
    changes(city, 3)
    audit.seal()
    return city


def numbers(chain) -> list[int]:
    return list(Seal.objects.filter(chain=chain).order_by("position").values_list("position", flat=True))


def test_old_events_go_to_a_package_and_the_rest_still_holds(old_first, second_store, capsys):
    before, events = numbers("EN-LUDAO"), Event.objects.count()

    with as_owner():
        call_command("archive_audit")

    archive = Archive.objects.get()
    after = numbers("EN-LUDAO")
    assert after == before[-len(after) :] and 0 < len(after) < len(before)
    assert archive.starts["EN-LUDAO"][0] == after[0] - 1
    assert Event.objects.count() == events - archive.links
    assert queries.breaks() == []
    assert f"{archive.links} links before" in capsys.readouterr().out


def test_the_archive_proves_itself_with_nothing_but_python(old_first, second_store, tmp_path):
    with as_owner():
        call_command("archive_audit")
    archive = Archive.objects.get()
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(io.BytesIO((second_store / archive.file).read_bytes())).extractall(folder)

    done = subprocess.run(
        [sys.executable, "-S", "-E", "verify.py"], cwd=folder, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, f"{archive.links} links, 1 checkpoints: all hold\n")


def test_a_chain_goes_on_where_the_archive_ended(old_first):
    with as_owner():
        call_command("archive_audit")
    quiet = next(name for name in Archive.objects.get().starts if not numbers(name))
    last = Archive.objects.get().starts[quiet]
    owner = Event._meta.get_field("organization").related_model.objects.get(code=quiet)

    audit.record(old_first.lab, "project.changed", by=None, organization=owner)
    audit.seal()

    seal = Seal.objects.get(chain=quiet)
    assert [seal.position - 1, seal.previous] == last
    assert queries.breaks() == [] and queries.holds(seal)


def test_archiving_twice_carries_nothing_twice(old_first, capsys):
    with as_owner():
        call_command("archive_audit")
        call_command("archive_audit")

    assert Archive.objects.count() == 1
    assert "nothing is older than" in capsys.readouterr().out


def test_the_application_cannot(old_first):
    before = (Event.objects.count(), Seal.objects.count())

    with pytest.raises(CommandError, match="only the owner"):
        call_command("archive_audit")

    assert (Event.objects.count(), Seal.objects.count(), Archive.objects.count()) == (*before, 0)


def test_a_record_that_does_not_hold_is_not_carried_away(old_first):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE portal_event DISABLE TRIGGER append_only")
        cursor.execute("UPDATE portal_event SET request_id = 'x' WHERE name = 'order.placed'")
        cursor.execute("ALTER TABLE portal_event ENABLE TRIGGER append_only")
        with pytest.raises(CannotArchive, match="edited"):
            carry_away(before=timezone.now(), at=timezone.now())

    assert Archive.objects.count() == 0


def test_without_a_second_store_nothing_is_carried_away(old_first, settings):
    settings.AUDIT_EXPORT_DIR = ""

    with as_owner(), pytest.raises(CannotArchive):
        carry_away(before=timezone.now(), at=timezone.now())


def test_a_note_of_an_archive_that_was_altered_is_found(old_first):
    with as_owner():
        call_command("archive_audit")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE portal_archive DISABLE TRIGGER append_only")
            cursor.execute("UPDATE portal_archive SET links = 0")
            cursor.execute("ALTER TABLE portal_archive ENABLE TRIGGER append_only")

    assert queries.breaks()[0] == Break("archives", 1, None, "edited")


@pytest.mark.parametrize(("months", "problems"), [(13, []), (6, []), (5, ["portal.E002"])])
def test_the_record_is_kept_six_months_at_least(settings, months, problems):
    settings.AUDIT_MONTHS = months

    assert [problem.id for problem in kept_long_enough(None)] == problems
