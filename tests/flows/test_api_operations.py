"""Long work over HTTP: 202, a place to watch, and the outcome."""

import base64
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.api_urls import urlpatterns
from marketplace.orders.models import Order
from marketplace.orders.tasks import follow_workloads
from portal.lists.models import Export
from portal.lists.tasks import write_exports
from portal.organizations.models import Membership
from portal.shell import entries
from portal.shell.listings import Listed
from portal.tokens import actions as tokens
from portal.tokens.scopes import SCOPES
from scheduler.workloads.models import Workload
from tests import city as town
from tests.city import place, run
from tests.flows.test_api_conventions import after, codes
from tests.flows.test_api_road import Caller
from tests.portal.test_identity_applications import ask, key_of

WISH = {"list": "orders", "form": "csv", "query": "status=confirmed&ordering=cards"}


@pytest.fixture
def city(db):
    cache.clear()
    return town.found(at=timezone.now())


@pytest.fixture
def bob(city):
    return Caller("bob", "orders:read", "orders:write")


def watch(caller, answer):
    return caller.get(answer["Location"].removeprefix("/api/v1/"))


# --- files -------------------------------------------------------------------------------------------
def test_a_list_is_asked_for_watched_and_fetched(city, bob):
    place(city, cards=2, at=timezone.now())
    place(city, key="k2", cards=1, at=timezone.now())

    asked = bob.post("exports/", WISH)
    running = watch(bob, asked)
    write_exports()
    done = watch(bob, asked)
    file = bob.get(done.json()["result"].removeprefix("/api/v1/"))

    assert (asked.status_code, asked["Retry-After"]) == (202, "2")
    assert asked.json() == running.json()
    assert (running.json()["state"], running.json()["progress"], running["Retry-After"]) == (
        "running",
        0,
        "2",
    )
    assert (done.json()["state"], done.json()["progress"], done.json()["problem"]) == ("succeeded", 100, None)
    assert "Retry-After" not in done
    assert [line.split(",")[0] for line in file.content.decode().splitlines()[1:]] == ["训练", "训练"]
    assert file["Content-Type"] == "text/csv; charset=utf-8"


def test_a_file_that_cannot_be_written_says_why(city, bob, monkeypatch):
    asked = bob.post("exports/", WISH)
    monkeypatch.setattr("portal.lists.tasks.file_of", lambda *args, **more: 1 / 0)

    write_exports()

    failed = watch(bob, asked).json()
    assert (failed["state"], failed["problem"]["code"], failed["result"]) == ("failed", "export_failed", "")
    assert failed["finished_at"] is not None


def test_progress_is_told_while_it_is_written(city, bob, monkeypatch):
    place(city, at=timezone.now())
    place(city, key="k2", cards=1, at=timezone.now())
    asked, seen = bob.post("exports/", WISH), []
    monkeypatch.setattr("portal.lists.files.CHUNK", 1)
    finish = "portal.lists.actions.finish"
    monkeypatch.setattr(finish, lambda **more: seen.append(watch(bob, asked).json()["progress"]))

    write_exports()

    assert seen == [100]
    assert Export.objects.get().rows_written == 2


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"list": "tokens"}, 422, "/list"),
        ({"form": "pdf"}, 422, "/form"),
        ({"query": "since=yesterday"}, 422, "/query/since"),
        ({"list": "receipts"}, 403, None),
    ],
)
def test_a_wish_that_cannot_be_is_told_and_nothing_waits(city, bob, change, status, pointer):
    answer = bob.post("exports/", WISH | change)

    assert answer.status_code == status
    assert answer.json().get("errors", [{}])[0].get("pointer") == pointer
    assert Export.objects.count() == 0


def test_a_key_takes_along_and_watches_only_what_its_scopes_name(city, bob):
    asked = bob.post("exports/", WISH)
    narrow = Caller("bob", "wallet:read")

    refused = narrow.post("exports/", WISH)

    assert (refused.status_code, "orders:read" in refused.json()["title"]) == (403, True)
    assert watch(narrow, asked).status_code == 403
    assert codes(narrow.get("operations/")) == []
    assert codes(bob.get("operations/?state=running")) == [asked.json()["code"]]
    assert codes(bob.get("operations/?state=failed")) == []


def test_a_state_that_is_none_is_told(city, bob):
    answer = bob.get("operations/?state=sleeping")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/state")


# --- pages over two tables ---------------------------------------------------------------------------
@pytest.fixture
def mixed(city):
    """Files and stopped orders in turns, three of them at one moment; newest first."""
    now = timezone.now()
    found = []
    for number in range(4):
        export, order = town.written_export(city.bob), place(city, key=f"m{number}", cards=1, at=now)
        at, later = now - timedelta(hours=number), now - timedelta(hours=number, minutes=30)
        Export.objects.filter(id=export.id).update(requested_at=at)
        Order.objects.filter(id=order.id).update(cancel_requested_at=at if number == 2 else later)
        found += [(at, export.code), (at if number == 2 else later, order.code)]
    twin = town.written_export(city.bob)
    Export.objects.filter(id=twin.id).update(requested_at=now - timedelta(hours=2))
    found.append((now - timedelta(hours=2), twin.code))
    return [code for _at, code in sorted(found, reverse=True)]


@pytest.mark.parametrize("limit", [1, 2, 4, 9, 10])
def test_operations_of_several_tables_come_in_pages_without_gap_or_double(bob, mixed, limit):
    seen, pages, path = [], [], f"operations/?limit={limit}"
    while path:
        answer = bob.get(path)
        pages.append(codes(answer))
        seen += pages[-1]
        path = after(answer.json()["next"]) if answer.json()["next"] else ""
    back = []
    path = after(answer.json()["previous"]) if answer.json()["previous"] else ""
    while path:
        answer = bob.get(path)
        back.insert(0, codes(answer))
        path = after(answer.json()["previous"]) if answer.json()["previous"] else ""

    assert seen == mixed
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert back == pages[:-1]


def test_conditions_hold_on_every_page_of_operations(city, bob, mixed):
    Order.objects.filter(code=mixed[1]).update(closed_at=timezone.now())
    wanted = [code for code in mixed if code.startswith("EX") or code == mixed[1]]

    first = bob.get("operations/?state=succeeded&limit=3")
    second = bob.get(after(first.json()["next"]))

    assert codes(first) + codes(second) == wanted
    assert second.json()["next"] is None


def test_a_page_of_operations_goes_on_where_a_row_is_gone(bob, mixed):
    first = bob.get("operations/?limit=3")
    Export.objects.filter(code__in=mixed[:3]).delete()
    Order.objects.filter(code__in=mixed[:3]).update(cancel_requested_at=None)

    assert codes(bob.get(after(first.json()["next"]))) == mixed[3:6]


@pytest.mark.parametrize("place", ["7", "soon.EX1", "1.ex", "99999999999999999.EX", "1.EX\0", "1.EX.2"])
def test_a_place_among_operations_that_cannot_be_is_not_found(bob, place):
    cursor = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")

    assert bob.get(f"operations/?cursor={cursor}").status_code == 404


def test_a_later_page_of_operations_costs_what_the_first_does(bob, mixed):
    with CaptureQueriesContext(connection) as first:
        answer = bob.get("operations/?limit=2")
    with CaptureQueriesContext(connection) as second:
        bob.get(after(answer.json()["next"]))

    assert len(second) == len(first)
    limits = [q["sql"][-7:] for q in [*first, *second] if 'requested_at" DESC' in q["sql"]]
    assert limits == ["LIMIT 3"] * 4


def test_another_person_watches_and_fetches_nothing(city, bob):
    export = town.written_export(city.bob)
    others = [Caller(name, "orders:read") for name in ("alice", "charlie")]

    assert [one.get(f"operations/{export.code}/").status_code for one in others] == [404, 404]
    assert [one.get(f"exports/{export.code}/").status_code for one in others] == [404, 404]


def test_a_program_of_one_firm_takes_nothing_of_its_makers_other_firm(city):
    Membership.objects.create(user=city.alice, organization=city.yunding, role="enterprise_admin")
    mine = place(city, at=timezone.now())
    theirs = Order.objects.get(id=mine.id)
    theirs.pk, theirs.code, theirs.idempotency_key, theirs.organization = None, "OD-THEIRS", "t", city.yunding
    theirs.save()
    erp, erp.secret = tokens.connect(
        organization=city.ludao, name="ERP", scopes={"orders:read"}, by=city.alice, at=timezone.now()
    )
    alice, key = Caller("alice", "orders:read"), key_of(erp)
    ours = alice.post("exports/", WISH).json()["code"]

    by_program = alice.http.post(
        "/api/v1/exports/", WISH, content_type="application/json", headers={"authorization": f"Bearer {key}"}
    ).json()["code"]
    write_exports()

    both = town.written_export(city.alice)

    assert "OD-THEIRS" in bytes(both.content).decode()
    for asker, code in ((alice.key, ours), (key, by_program)):
        assert "OD-THEIRS" not in ask(asker, f"exports/{code}/").content.decode()
        assert ask(asker, f"exports/{both.code}/").status_code == 404


def test_whoever_left_a_firm_fetches_none_of_its_files(city, bob):
    export = town.written_export(city.bob)
    assert bob.get(f"exports/{export.code}/").status_code == 200
    Membership.objects.filter(user=city.bob).update(organization=city.yunding)

    assert bob.get(f"exports/{export.code}/").json()["code"] == "role_ended"


def test_a_list_that_programs_take_along_asks_for_the_scope_of_reading_it():
    views = {pattern.callback.cls for part in urlpatterns[:4] for pattern in part.url_patterns}
    wanted = {v.screen.code: v.scopes["GET"] for v in views if issubclass(v, Listed) and v.screen}
    declared = {code: screen.scope for code, screen in entries.screens().items() if screen.scope}

    assert {code: scope for code, scope in wanted.items() if scope}.items() <= declared.items()
    assert set(declared.values()) <= set(SCOPES)


# --- orders ------------------------------------------------------------------------------------------
def test_stopping_a_running_order_is_watched_until_it_is_closed(city, bob):
    now = timezone.now()
    order = place(city, at=now)
    Workload.objects.update(status=Workload.Status.RUNNING, remote_ref="job-1")

    asked = bob.post(f"orders/{order.code}/cancel/")
    again = bob.post(f"orders/{order.code}/cancel/")
    running = watch(bob, asked)
    run(order, seconds=60, to=Workload.Status.CANCELLED, at=now)
    follow_workloads()
    town.bill(order, at=now)
    done = watch(bob, asked).json()

    assert (asked.status_code, asked.json()["code"], again.status_code) == (202, order.code, 202)
    assert (running.json()["state"], running.json()["progress"], running["Retry-After"]) == (
        "running",
        None,
        "2",
    )
    assert (done["state"], done["result"]) == ("succeeded", f"/api/v1/orders/{order.code}/")
    assert bob.post(f"orders/{order.code}/cancel/").status_code in (200, 409)


def test_an_order_that_waits_for_approval_is_cancelled_at_once(city, bob):
    order = place(city, project=city.model, hours="100", at=timezone.now())

    answer = bob.post(f"orders/{order.code}/cancel/")

    assert (answer.status_code, answer.json()["status"], "Location" in answer) == (200, "cancelled", False)
