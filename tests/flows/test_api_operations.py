"""Long work over HTTP: 202, a place to watch, and the outcome."""

import pytest
from django.core.cache import cache
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
    assert narrow.get("operations/").json() == []
    assert [one["code"] for one in bob.get("operations/?state=running").json()] == [asked.json()["code"]]
    assert bob.get("operations/?state=failed").json() == []


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
