"""The auditor's desk: questions that are themselves on the record, one event before and after, evidence that proves itself."""

import csv
import io
import json
import subprocess
import sys
import zipfile

import pytest
from django.test import Client

from portal.audit import actions as audit
from portal.audit.models import Event, Seal
from portal.audit.verify_evidence import is_signed
from portal.crypto import provider
from portal.organizations import actions as organizations
from tests.city import NOON, place
from tests.entrance import BACKEND


def visit(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def asked_by(user) -> list[dict]:
    return [e.details for e in Event.objects.filter(name="audit.searched", actor=user).order_by("id")]


@pytest.fixture
def told(city):
    """An order, and a project whose budget changed."""
    place(city)
    organizations.change_project(
        project_id=city.lab.id, approval_threshold=100, monthly_budget=654_321, is_open=True, by=city.alice
    )
    while audit.seal():
        pass
    audit.take_checkpoint(at=NOON)
    return city


def codes_on(answer) -> set[str]:
    return {event.name for event in answer.context["events"]}


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ({"event": "project.changed"}, {"project.changed"}),
        ({"subject": "PJ-LUDAO-LAB"}, {"project.changed"}),
        ({"actor": "林安", "subject": "PJ-LUDAO-LAB"}, {"project.changed"}),
        ({"actor": "bob"}, {"order.placed"}),
        ({"organization": "EN-LUDAO", "words": "654321"}, {"project.changed"}),
        ({"since": "2000-01-01", "until": "2000-12-31"}, set()),
    ],
    ids=str,
)
def test_a_question_leaves_what_was_asked_and_stands_on_the_record_once(told, question, names):
    answer = visit(told.auditor).get("/audit/", question)

    assert codes_on(answer) == names
    assert asked_by(told.auditor) == [{"conditions": question}]


def test_looking_without_a_question_and_turning_a_page_leave_no_line(told):
    client = visit(told.auditor)

    client.get("/audit/")
    client.get("/audit/", {"event": "order.placed", "cursor": "EN-LUDAO-3"})

    assert asked_by(told.auditor) == []


def test_a_regulators_program_is_on_the_record_too(told):
    assert visit(told.auditor).get("/api/v1/audit-events/").status_code == 200

    assert asked_by(told.auditor) == [{"conditions": {"by": "api"}}]


def test_a_firm_looks_at_its_own_without_a_line_and_never_at_anothers(told):
    answer = visit(told.charlie).get("/audit/", {"subject": "PJ-LUDAO-LAB"})

    assert codes_on(answer) == set()
    assert asked_by(told.charlie) == []


def test_a_wrong_question_shows_what_to_mend_and_nothing_else(told):
    answer = visit(told.auditor).get("/audit/", {"since": "2026-11-21", "until": "2026-11-20"})

    assert answer.status_code == 422
    assert "截止日期不能早于起始日期。" in answer.content.decode()
    assert answer.context["events"] == [] and asked_by(told.auditor) == []


def test_pages_follow_one_another_without_a_gap(told):
    for number in range(120):
        audit.record(
            told.lab, "project.changed", by=told.alice, before={"name": number}, after={"name": number + 1}
        )
    audit.seal()
    client, cursor, seen = visit(told.alice), "", []

    while True:
        answer = client.get("/audit/", {"cursor": cursor})
        seen += [event.id for event in answer.context["events"]]
        cursor = answer.context["next_cursor"]
        if not cursor:
            break

    assert seen == list(Event.objects.visible_to(told.alice).order_by("-id").values_list("id", flat=True))


def test_one_event_says_what_was_before_and_after_in_the_readers_words(told):
    event = Event.objects.get(name="project.changed")

    answer = visit(told.alice).get(event.get_absolute_url())

    rows = {c.label: (c.before, c.after, c.is_different) for c in answer.context["changes"]}
    assert rows == {
        "审批起点（分）": ("0", "100", True),
        "月度预算（分）": ("500000", "654321", True),
        "使用中": ("是", "是", False),
    }
    assert answer.context["holds"] is True


def test_an_event_of_another_firm_is_not_there(told):
    event = Event.objects.get(name="project.changed")

    assert visit(told.charlie).get(event.get_absolute_url()).status_code == 404
    assert visit(told.auditor).get("/audit/EN-LUDAO-0/").status_code == 404
    assert visit(told.auditor).get("/audit/nothing/").status_code == 404


def test_the_csv_carries_the_digest_and_no_cell_is_a_formula(told):
    audit.record(told.lab, "project.changed", by=told.alice)
    audit.seal()
    organizations.open_project(
        organization=told.ludao, name="=1+1", approval_threshold=0, monthly_budget=0, by=told.alice
    )

    answer = visit(told.alice).post("/audit/export/", {"subject": "PJ-LUDAO-LAB"})

    text = answer.content.decode()
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    seals = Seal.objects.filter(event__subject_code="PJ-LUDAO-LAB").order_by("-position")
    assert text.startswith("\ufeff") and len(rows) == 3
    assert [row[-1] for row in rows[1:]] == [seal.digest for seal in seals]
    assert answer["Content-Disposition"].startswith('attachment; filename="audit-')


def test_verifying_says_that_everything_holds(told):
    answer = visit(told.auditor).post("/audit/verify/", follow=True)

    assert "校验通过" in answer.content.decode()
    assert Event.objects.get(name="audit.verified").details == {"breaks": 0}


# --- the package --------------------------------------------------------------------------------------
@pytest.fixture
def unpacked(told, tmp_path):
    answer = visit(told.auditor).post("/audit/evidence/", {})
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)
    return tmp_path


def verified(folder) -> tuple[int, str]:
    """What the package's own script says, with nothing of ours on its path."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", "verify.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_package_proves_itself_with_nothing_but_python(unpacked):
    code, said = verified(unpacked)

    assert (code, said) == (0, f"{Seal.objects.count()} links, 1 checkpoints: all hold\n")
    names = json.loads((unpacked / "names.json").read_text())
    assert ["alice", "林安"] in names["actors"].values()


def test_a_changed_line_of_a_package_is_named(unpacked):
    path = unpacked / "events.jsonl"
    event = Event.objects.get(name="project.changed")
    path.write_text(path.read_text().replace("654321", "654322"))

    code, said = verified(unpacked)

    assert code == 1
    assert f"EN-LUDAO #{event.seal.position}: edited, event {event.id}" in said


def test_a_line_cut_from_the_end_of_a_package_and_a_changed_checkpoint_are_named(unpacked):
    path = unpacked / "checkpoints.jsonl"
    path.write_text(path.read_text().replace("EN-LUDAO", "EN-OTHER"))

    code, said = verified(unpacked)

    assert code == 1 and "checkpoint 1: the signature does not hold" in said


def test_a_package_of_some_days_stands_alone(told, tmp_path):
    answer = visit(told.auditor).post("/audit/evidence/", {"since": "2000-01-01", "until": "2000-01-02"})
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)

    assert verified(tmp_path) == (0, "0 links, 1 checkpoints: all hold\n")


def test_the_packages_verifier_agrees_with_the_library():
    signature = provider().sign(b"heads")
    key = provider().public_key(signature.key_id)
    spoiled = signature.value[:-2] + ("00" if signature.value[-2:] != "00" else "01")

    assert is_signed(key, b"heads", signature.value)
    assert not is_signed(key, b"tails", signature.value)
    assert not is_signed(key, b"heads", spoiled)
    assert not is_signed("", b"heads", signature.value)
    assert not is_signed("zz", b"heads", signature.value)


def test_the_versions_of_a_row_say_who_changed_what(told):
    client = visit(told.alice)
    client.post(
        "/organization/projects/PJ-LUDAO-LAB/",
        {"monthly_budget": "99.00", "approval_threshold": "1.00", "is_open": "on"},
    )

    steps = visit(told.auditor).get("/audit/versions/project/PJ-LUDAO-LAB/").context["steps"]

    assert [(str(step.deed), step.person) for step in steps] == [
        ("修改", "alice"),
        ("修改", ""),
        ("新建", ""),
    ]
    assert [(c.label, c.before, c.after) for c in steps[0].changes] == [("月度预算（分）", "654321", "9900")]
    assert asked_by(told.auditor) == [{"conditions": {"versions": "project PJ-LUDAO-LAB"}}]


def test_versions_show_no_mailbox_and_no_kind_without_versions(told):
    auditor = visit(told.auditor)

    page = auditor.get("/audit/versions/user/bob/")

    assert "b***@example.com" in page.content.decode()
    assert told.bob.email not in page.content.decode()
    assert auditor.get("/audit/versions/order/OD-NONE/").status_code == 404
    assert auditor.get("/audit/versions/project/PJ-NONE/").context["steps"] == []
    assert visit(told.alice).get("/audit/versions/project/PJ-LUDAO-LAB/").status_code == 403
