"""A telephone number is masked until somebody who may see it asks, and then the record says who asked."""

import pytest
from django.test import Client

from portal.audit.models import Event
from portal.shell.masking import mask_credit_code, mask_email, mask_name, mask_phone
from tests.city import place

PHONE, MASKED = "13000000002", "130****0002"


def visit(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def looks() -> list[tuple]:
    rows = Event.objects.filter(name="personal.revealed").order_by("id")
    return [(e.subject_code, e.actor.username, e.organization.code, e.details) for e in rows]


@pytest.mark.parametrize(
    ("mask", "text", "masked"),
    [
        (mask_phone, "+8613800001234", "138****1234"),
        (mask_phone, "13800001234", "138****1234"),
        (mask_phone, "110", "***"),
        (mask_phone, "", ""),
        (mask_email, "alice@example.com", "a***@example.com"),
        (mask_email, "nothing", "***"),
        (mask_name, "陈博", "陈*"),
        (mask_name, "", ""),
        (mask_credit_code, "91350200MA0000U9X3", "913502********U9X3"),
        (mask_credit_code, "123", "***"),
    ],
)
def test_masks(mask, text, masked):
    assert mask(text) == masked


def test_an_officer_sees_a_masked_number_and_asks_for_the_whole(city):
    order = place(city)
    client = visit(city.officer)

    page = client.get(f"/orders/{order.code}/").content.decode()
    answer = client.post("/people/bob/reveal/")

    assert MASKED in page and PHONE not in page and "bob@example.com" not in page
    assert PHONE in answer.content.decode() and "bob@example.com" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert looks() == [("bob", "officer", "EN-LUDAO", {"fields": ["email", "phone"]})]


def test_an_administrator_asks_for_a_colleague_and_for_nobody_else(city):
    client = visit(city.alice)

    colleague, stranger = client.post("/people/bob/reveal/"), client.post("/people/charlie/reveal/")

    assert (colleague.status_code, stranger.status_code) == (200, 404)
    assert looks() == [("bob", "alice", "EN-LUDAO", {"fields": ["email", "phone"]})]


def test_a_member_sees_colleagues_masked_and_may_not_ask(city):
    client = visit(city.bob)

    page = client.get("/organization/").content.decode()
    answer = client.post("/people/alice/reveal/")

    assert "a***@example.com" in page and "alice@example.com" not in page
    assert "/people/alice/reveal/" not in page
    assert answer.status_code == 403
    assert looks() == []


def test_looking_is_never_a_link(city):
    assert visit(city.officer).get("/people/bob/reveal/").status_code == 405
    assert looks() == []
