"""The record: sealed in order, vouched for every hour, and every rewriting found at its row."""

import json
import random
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from portal.audit import actions as audit
from portal.audit import chain, queries, store
from portal.audit.chain import Break, Head, Link
from portal.audit.models import Checkpoint, Event, Seal
from portal.audit.tasks import export_checkpoints
from tests.city import NOON, place

TABLES = ("portal_event", "portal_seal", "portal_checkpoint")


@pytest.fixture(autouse=True)
def second_store(settings, tmp_path):
    settings.AUDIT_EXPORT_DIR = str(tmp_path / "audit")
    return tmp_path / "audit"


@pytest.fixture
def sealed(city):
    place(city)
    for number in range(12):
        audit.record(
            city.lab, "project.changed", by=city.alice, before={"name": number}, after={"name": number + 1}
        )
    while audit.seal(limit=7):
        pass
    audit.take_checkpoint(at=NOON)
    assert queries.breaks() == []
    return city


@contextmanager
def owner_without_guards():
    """What only somebody with the owner's rights, who also switches the guards off, could do; taken back afterwards."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        cursor.execute("ALTER TABLE portal_seal DROP CONSTRAINT one_seal_per_position")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'portal_seal'::regclass AND contype = 'f'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE portal_seal DROP CONSTRAINT "{name}"')
        yield cursor
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE portal_app")


def found_after(*statements) -> list[Break]:
    with owner_without_guards() as cursor:
        for statement, values in statements:
            cursor.execute(statement, values)
        return queries.breaks()


def as_written() -> list[Link]:
    return list(queries.links())


# --- sealing ------------------------------------------------------------------------------------------
def test_every_event_has_one_place_in_its_chain(sealed):
    assert Seal.objects.count() == Event.objects.count()
    assert audit.seal() == 0


def test_what_is_sealed_names_every_column_of_the_event(sealed):
    event = Event.objects.get(name="order.placed")

    text = next(link.canonical for link in as_written() if link.event_id == event.id)

    assert json.loads(text) == {
        "id": event.id,
        "happened_at": f"{event.happened_at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "name": "order.placed",
        "subject": ["order", event.subject_code],
        "organization": sealed.ludao.id,
        "actor": sealed.bob.id,
        "request_id": "",
        "details": event.details,
    }
    assert {f.name for f in Event._meta.concrete_fields} == {
        "id", "happened_at", "name", "subject_type", "subject_code", "organization", "actor", "request_id", "details"
    }  # fmt: skip


def test_an_event_written_late_with_an_early_number_is_chained_all_the_same(sealed):
    event = audit.record(sealed.lab, "project.changed", by=sealed.alice)
    audit.record(sealed.lab, "project.changed", by=sealed.alice)
    with owner_without_guards() as cursor:
        cursor.execute("DELETE FROM portal_event WHERE id = %s", [event.id])
        audit.seal()
        cursor.execute(
            "INSERT INTO portal_event (id, happened_at, name, subject_type, subject_code, request_id, details)"
            " VALUES (%s, now(), 'project.changed', 'project', 'LATE', '', '{}')",
            [event.id],
        )

        assert audit.seal() == 1
        assert queries.breaks() == []


# --- checkpoints --------------------------------------------------------------------------------------
def test_a_checkpoint_signs_the_head_of_every_chain_that_moved(sealed):
    first = Checkpoint.objects.get()
    audit.record(sealed.lab, "project.changed", by=sealed.alice)
    audit.seal()

    second = audit.take_checkpoint(at=NOON + timedelta(hours=1))

    last = Seal.objects.filter(chain="EN-LUDAO").latest("position")
    assert set(first.heads) == set(
        Seal.objects.filter(id__lte=first.seals_up_to).values_list("chain", flat=True)
    )
    assert second.heads == {"EN-LUDAO": [last.position, last.digest]}
    assert (second.number, second.previous) == (2, first.digest)


def test_checkpoints_are_carried_to_the_second_store_once(sealed, second_store):
    export_checkpoints()
    before = {path.name: path.stat().st_mtime_ns for path in second_store.iterdir()}
    audit.take_checkpoint(at=NOON + timedelta(hours=1))

    export_checkpoints()

    after = {path.name: path.stat().st_mtime_ns for path in second_store.iterdir()}
    assert set(before) == {"checkpoint-000000001.json"}
    assert set(after) == {"checkpoint-000000001.json", "checkpoint-000000002.json"}
    assert after["checkpoint-000000001.json"] == before["checkpoint-000000001.json"]
    assert store.checkpoints()[1] == Checkpoint.objects.first().as_json()


def test_a_checkpoint_that_was_altered_is_no_longer_ours(sealed):
    assert found_after(("UPDATE portal_checkpoint SET events_up_to = 1", [])) == [
        Break("checkpoints", 1, None, "edited")
    ]


def test_a_missing_checkpoint_is_named(sealed):
    for hour in (1, 2):
        audit.take_checkpoint(at=NOON + timedelta(hours=hour))

    assert found_after(("DELETE FROM portal_checkpoint WHERE number = 2", [])) == [
        Break("checkpoints", 2, None, "missing")
    ]


def test_a_record_cut_back_together_with_its_checkpoints_is_found_by_the_second_store(sealed):
    audit.record(sealed.lab, "project.changed", by=sealed.alice)
    audit.seal()
    audit.take_checkpoint(at=NOON + timedelta(hours=1))
    export_checkpoints()
    last = Seal.objects.latest("id")

    assert found_after(
        ("DELETE FROM portal_checkpoint WHERE number = 2", []),
        ("DELETE FROM portal_seal WHERE id = %s", [last.id]),
        ("DELETE FROM portal_event WHERE id = %s", [last.event_id]),
    ) == [Break("checkpoints", 2, None, "truncated")]


def test_a_chain_sealed_anew_from_end_to_end_is_found_by_its_checkpoint(sealed):
    first = Seal.objects.filter(chain="EN-LUDAO").earliest("position")
    with owner_without_guards() as cursor:
        cursor.execute("UPDATE portal_event SET subject_code = 'OTHER' WHERE id = %s", [first.event_id])
        cursor.execute("DELETE FROM portal_seal")
        while audit.seal():
            pass

        assert [b for b in queries.breaks() if b.chain == "EN-LUDAO"] == [
            Break("EN-LUDAO", 1, None, "resealed")
        ]


def test_what_was_sealed_anew_after_a_true_checkpoint_begins_behind_it(sealed):
    true_head = Seal.objects.filter(chain="EN-LUDAO").latest("position").position
    for _ in range(3):
        audit.record(sealed.lab, "project.changed", by=sealed.alice)
    audit.seal()
    audit.take_checkpoint(at=NOON + timedelta(hours=1))
    with owner_without_guards() as cursor:
        cursor.execute(
            "UPDATE portal_event SET actor_id = NULL WHERE id = (SELECT max(id) FROM portal_event)"
        )
        cursor.execute("DELETE FROM portal_seal WHERE chain = 'EN-LUDAO' AND position > %s", [true_head])
        audit.seal()

        assert queries.breaks() == [Break("EN-LUDAO", true_head + 1, None, "resealed")]


def test_an_event_whose_seal_was_taken_away_is_named(sealed):
    audit.take_checkpoint(at=NOON + timedelta(hours=1))
    last = Seal.objects.filter(chain="EN-LUDAO").latest("position")

    found = found_after(("DELETE FROM portal_seal WHERE id = %s", [last.id]))

    assert found == [
        Break("EN-LUDAO", last.position, None, "truncated"),
        Break("EN-LUDAO", 0, last.event_id, "unsealed"),
    ]


def test_the_command_names_the_row_and_fails(sealed, capsys):
    call_command("verify_audit")
    event = Event.objects.get(name="order.placed")

    with owner_without_guards() as cursor:
        cursor.execute("""UPDATE portal_event SET details = '{"amount": 1}' WHERE id = %s""", [event.id])
        with pytest.raises(CommandError, match="1 chains are broken"):
            call_command("verify_audit")

    said = capsys.readouterr()
    assert f"{Seal.objects.count()} links and 1 checkpoints hold" in said.out
    assert f"EN-LUDAO #{event.seal.position}: edited, event {event.id}" in said.err


# --- every rewriting is found, through the database ---------------------------------------------------
EDITS = {
    "id": "id + 1000000",
    "happened_at": "happened_at + interval '1 microsecond'",
    "name": "name || 'x'",
    "subject_type": "subject_type || 'x'",
    "subject_code": "subject_code || 'x'",
    "organization_id": "NULL",
    "actor_id": "CASE WHEN actor_id IS NULL THEN (SELECT min(id) FROM portal_user) END",
    "request_id": "request_id || 'x'",
    "details": """details || '{"x": 1}'""",
}


@pytest.mark.parametrize("column", EDITS)
def test_an_edit_of_any_column_is_found_at_its_row(sealed, column):
    chance = random.Random(column)
    for seal in chance.sample(list(Seal.objects.filter(chain="EN-LUDAO")), 5):
        found = found_after(
            (f"UPDATE portal_event SET {column} = {EDITS[column]} WHERE id = %s", [seal.event_id])
        )

        reason = "removed" if column == "id" else "edited"
        assert found == [Break("EN-LUDAO", seal.position, seal.event_id, reason)]


def test_a_removed_event_is_found_at_its_place(sealed):
    seals = list(Seal.objects.exclude(chain="platform"))
    for seal in random.Random(1).sample(seals, 12):
        with_seal = found_after(
            ("DELETE FROM portal_seal WHERE id = %s", [seal.id]),
            ("DELETE FROM portal_event WHERE id = %s", [seal.event_id]),
        )
        alone = found_after(("DELETE FROM portal_event WHERE id = %s", [seal.event_id]))
        is_last = not Seal.objects.filter(chain=seal.chain, position__gt=seal.position).exists()

        assert with_seal == [Break(seal.chain, seal.position, None, "truncated" if is_last else "missing")]
        assert alone == [Break(seal.chain, seal.position, seal.event_id, "removed")]


def test_two_events_in_each_others_place_are_found_at_the_first(sealed):
    seals = list(Seal.objects.filter(chain="EN-LUDAO").order_by("position"))
    for first, second in [random.Random(n).sample(seals, 2) for n in range(12)]:
        first, second = sorted((first, second), key=lambda seal: seal.position)
        places = found_after(
            ("UPDATE portal_seal SET position = %s WHERE id = %s", [second.position, first.id]),
            ("UPDATE portal_seal SET position = %s WHERE id = %s", [first.position, second.id]),
        )
        contents = found_after(
            ("UPDATE portal_seal SET event_id = -id WHERE id = %s", [first.id]),
            ("UPDATE portal_seal SET event_id = %s WHERE id = %s", [first.event_id, second.id]),
            ("UPDATE portal_seal SET event_id = %s WHERE id = %s", [second.event_id, first.id]),
        )

        assert places == [Break("EN-LUDAO", first.position, second.event_id, "reordered")]
        assert contents == [Break("EN-LUDAO", first.position, second.event_id, "edited")]


# --- a thousand rewritings, through the same pure function --------------------------------------------
def chains(sizes: dict[str, int]) -> list[Link]:
    """Chains as the sealer would have written them."""
    links, number = [], 0
    for name, size in sorted(sizes.items()):
        last = chain.FIRST
        for position in range(1, size + 1):
            number += 1
            text = json.dumps({"id": number, "details": {"n": number % 7}})
            digest = chain.digest_of(last, text)
            links.append(Link(name, position, last, digest, number, text))
            last = digest
    return links


def rewritten(links: list[Link], chance: random.Random) -> tuple[list[Link], str, int]:
    """One random rewriting: the links afterwards, the chain, and the position of its first bad row."""
    links = list(links)
    at = chance.randrange(len(links))
    link = links[at]
    deed = chance.choice(["edit", "digest", "delete", "remove", "swap", "truncate", "previous"])
    if deed == "edit":
        place = chance.randrange(len(link.canonical))
        letter = "0" if link.canonical[place] != "0" else "1"
        text = link.canonical[:place] + letter + link.canonical[place + 1 :]
        links[at] = Link(link.chain, link.position, link.previous, link.digest, link.event_id, text)
    elif deed == "digest":
        other = ("1" if link.digest[0] != "1" else "2") + link.digest[1:]
        links[at] = Link(link.chain, link.position, link.previous, other, link.event_id, link.canonical)
    elif deed == "previous":
        other = ("1" if link.previous[0] != "1" else "2") + link.previous[1:]
        links[at] = Link(link.chain, link.position, other, link.digest, link.event_id, link.canonical)
    elif deed == "remove":
        links[at] = Link(link.chain, link.position, link.previous, link.digest, link.event_id, None)
    elif deed == "delete":
        del links[at]
    elif deed == "truncate":
        links = [each for each in links if each.chain != link.chain or each.position < link.position]
    else:
        others = [number for number, each in enumerate(links) if each.chain == link.chain and number != at]
        other_at = chance.choice(others)
        first, second = sorted((at, other_at))
        one, two = links[first], links[second]
        links[first] = Link(one.chain, one.position, two.previous, two.digest, two.event_id, two.canonical)
        links[second] = Link(two.chain, two.position, one.previous, one.digest, one.event_id, one.canonical)
        return links, link.chain, one.position
    return links, link.chain, link.position


def test_a_thousand_of_a_thousand_rewritings_are_found_at_the_right_row():
    links = chains({"EN-A": 120, "EN-B": 90, "platform": 150})
    heads = {link.chain: [link.position, link.digest] for link in links}
    promised = chain.heads_by_chain([heads])
    missed = []

    for seed in range(1000):
        after, name, position = rewritten(links, random.Random(seed))
        found = [(each.chain, each.position) for each in chain.breaks(after, promised)]
        if found != [(name, position)]:
            missed.append((seed, name, position, found))

    assert list(chain.breaks(links, promised)) == []
    assert missed == []


def test_a_chain_that_begins_after_an_archive_is_whole():
    links = chains({"EN-A": 10})
    start = {"EN-A": Head(4, links[3].digest)}

    assert list(chain.breaks(links[4:], starts=start)) == []
    assert list(chain.breaks(links[5:], starts=start)) == [Break("EN-A", 5, None, "missing")]
    assert list(chain.breaks(links[4:], starts={"EN-A": Head(4, "0" * 64)})) == [
        Break("EN-A", 5, 5, "reordered")
    ]
