"""Work is taken in once, stopped when its cluster says so, and closed with one reading."""

from datetime import timedelta

import pytest

from federation.capacity.models import Pool
from federation.usage.models import UsageRecord
from portal.shell.exceptions import IllegalMove
from portal.shell.status import move
from scheduler.workloads import actions as workloads
from scheduler.workloads import queries
from scheduler.workloads.models import PROVIDER_FAULTS, Workload
from scheduler.workloads.reasons import sentence
from tests.federation.builders import NOON

pytestmark = pytest.mark.django_db
Status = Workload.Status


def test_one_order_has_one_workload(order):
    assert order("OD-1") == order("OD-1")
    assert Workload.objects.count() == 1


def test_a_draft_waits_for_its_order(order, turn):
    work = order(is_draft=True)
    turn(seconds=1)
    work.refresh_from_db()
    before = work.status

    workloads.queue(order_code="OD-1", at=NOON)
    workloads.queue(order_code="OD-1", at=NOON)
    turn(seconds=1)

    work.refresh_from_db()
    assert (before, work.status) == (Status.DRAFT, Status.ACCEPTED)


def test_a_discarded_draft_gives_the_cards_back(order):
    order(is_draft=True)

    workloads.discard(order_code="OD-1", at=NOON)
    workloads.discard(order_code="OD-1", at=NOON)

    assert (Workload.objects.get().status, Pool.objects.get().cards_held) == (Status.CANCELLED, 0)
    assert not UsageRecord.objects.exists()


def test_work_that_never_left_stops_at_once_and_costs_nothing(order, turn, jobs):
    order()

    workloads.request_cancel(order_code="OD-1", by=None, at=NOON)
    turn(seconds=1)

    assert (Workload.objects.get().status, jobs(), Pool.objects.get().cards_held) == (Status.CANCELLED, 0, 0)
    assert UsageRecord.objects.get().seconds == 0


def test_running_work_is_cancelled_only_when_its_cluster_says_so(order, turn):
    work = order()
    turn(seconds=1)
    turn(seconds=5)
    workloads.request_cancel(order_code="OD-1", by=None, at=NOON + timedelta(seconds=6))
    workloads.request_cancel(order_code="OD-1", by=None, at=NOON + timedelta(seconds=6))
    work.refresh_from_db()
    asked = work.status, Pool.objects.get().cards_held, UsageRecord.objects.count()

    turn(seconds=2)
    turn(seconds=3)

    work.refresh_from_db()
    assert asked == (Status.CANCELLING, 4, 0)
    assert (work.status, work.exit_reason, Pool.objects.get().cards_held) == (Status.CANCELLED, "stopped", 0)
    assert UsageRecord.objects.get().seconds == 5


def test_cancelling_what_has_ended_changes_nothing(order, turn):
    work = order()
    turn(seconds=1)
    turn(minutes=5)

    workloads.request_cancel(order_code="OD-1", by=None, at=NOON)

    work.refresh_from_db()
    assert (work.status, work.cancel_requested_at) == (Status.SUCCEEDED, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [(before, after) for before in Status for after in Status if after not in Workload.NEXT.get(before, ())],
)
def test_every_other_step_is_refused(order, before, after):
    work = order()
    Workload.objects.filter(id=work.id).update(status=before)
    work.refresh_from_db()

    with pytest.raises(IllegalMove):
        move(work, after)
    work.refresh_from_db()
    assert work.status == before


@pytest.mark.parametrize(
    ("started", "ended", "most", "seconds"),
    [
        (None, NOON, 60, 0),
        (NOON, None, 60, 0),
        (NOON, NOON + timedelta(milliseconds=999), 60, 0),
        (NOON, NOON + timedelta(seconds=1), 60, 1),
        (NOON, NOON + timedelta(seconds=59, milliseconds=999), 60, 59),
        (NOON, NOON + timedelta(seconds=75), 60, 60),
    ],
)
def test_a_begun_second_is_free_and_nothing_beyond_the_order_counts(started, ended, most, seconds):
    assert workloads.metered_seconds(started, ended, most) == seconds


@pytest.mark.parametrize(
    "files",
    [
        [("../up.py", b"")],
        [("/etc/passwd", b"")],
        [("a//b", b"")],
        [("a\\b", b"")],
        [("", b"")],
        [(".portal/run.py", b"")],
        [("a" * 201, b"")],
        [("a.py", b""), ("a.py", b"")],
        [("big", b"x" * (10 * 1024 * 1024 + 1))],
        [(f"{n}", b"") for n in range(201)],
    ],
)
def test_files_that_would_do_harm_are_refused(files):
    with pytest.raises(workloads.BadFiles):
        workloads.check_files(files)


def test_ordinary_files_are_taken(order):
    work = order(files=[("src/训练.py", b"print(1)"), ("data.csv", b"1\n")])

    assert [(f.path, bytes(f.content), f.size) for f in work.files.all()] == [
        ("data.csv", b"1\n", 2),
        ("src/训练.py", b"print(1)", 8),
    ]


def test_the_log_outlives_the_cluster(order, turn, city):
    work = order()
    turn(seconds=1)
    turn(minutes=5)
    city.cluster.options = {"is_down": True}
    city.cluster.save()

    work.refresh_from_db()
    whole = queries.log_tail(work, 0)
    half = queries.log_tail(work, 30)

    assert whole.is_over
    assert "演练结束" in whole.text
    assert whole.text.encode()[30:].decode(errors="replace") == half.text
    assert queries.log_tail(work, whole.cursor).text == ""


def test_a_silent_cluster_is_said_to_be_silent(order, turn, city):
    work = order()
    turn(seconds=1)
    city.cluster.options = {"is_down": True}
    city.cluster.save()
    work.refresh_from_db()

    tail = queries.log_tail(Workload.objects.get(id=work.id), 7)

    assert (tail.text, tail.cursor, tail.is_over, tail.is_reachable) == ("", 7, False, False)


@pytest.mark.parametrize(
    "reason", [*PROVIDER_FAULTS, "exit_code", "time_limit", "stopped", "cancelled", "unreachable"]
)
def test_every_reason_has_a_sentence(reason):
    assert sentence(reason, 3).endswith("。")


@pytest.mark.parametrize(
    ("status", "reason", "is_fault"),
    [
        (Status.LOST, "lost", True),
        (Status.FAILED, "node_lost", True),
        (Status.FAILED, "exit_code", False),
        (Status.FAILED, "time_limit", False),
        (Status.SUCCEEDED, "", False),
        (Status.CANCELLED, "stopped", False),
    ],
)
def test_whose_fault_it_was(status, reason, is_fault):
    assert Workload(status=status, exit_reason=reason).is_provider_fault is is_fault
