"""The record: sealed in order, and every rewriting found."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.audit import actions as audit
from portal.audit import queries
from portal.audit.models import Event, Seal
from tests.city import place


@pytest.fixture
def sealed(city):
    place(city)
    audit.seal()
    assert queries.breaks() == []
    return city


def rewrite(sql):
    """What only somebody with the owner's rights, who also switches the guard off, could do."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE portal_event DISABLE TRIGGER append_only")
        cursor.execute("ALTER TABLE portal_seal DISABLE TRIGGER append_only")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE portal_event ENABLE TRIGGER append_only")
        cursor.execute("ALTER TABLE portal_seal ENABLE TRIGGER append_only")
        cursor.execute("SET ROLE portal_app")


def test_every_event_has_one_place_in_its_chain(sealed):
    assert Seal.objects.count() == Event.objects.count()
    assert audit.seal() == 0


def test_an_edited_event_is_named(sealed):
    event = Event.objects.get(name="order.placed")
    rewrite(f"""UPDATE portal_event SET details = '{{"amount": 1}}' WHERE id = {event.id}""")

    found = queries.breaks()

    assert [(b.event_id, b.reason) for b in found] == [(event.id, "edited")]
    with pytest.raises(CommandError):
        call_command("verify_audit")


def test_a_removed_event_leaves_a_gap(sealed):
    event = Event.objects.filter(organization=sealed.ludao).order_by("id").first()
    rewrite(
        f"DELETE FROM portal_seal WHERE event_id = {event.id}; DELETE FROM portal_event WHERE id = {event.id}"
    )

    assert [b.reason for b in queries.breaks()] == ["missing"]


def test_events_in_another_order_are_found(sealed):
    first, second = Seal.objects.filter(chain="EN-LUDAO").order_by("position")[:2]
    rewrite(
        "UPDATE portal_seal SET position = position + 1000000"
        f" WHERE id IN ({first.id}, {second.id});"
        f"UPDATE portal_seal SET position = {second.position} WHERE id = {first.id};"
        f"UPDATE portal_seal SET position = {first.position} WHERE id = {second.id}"
    )

    assert [(b.chain, b.reason) for b in queries.breaks()] == [("EN-LUDAO", "reordered")]
