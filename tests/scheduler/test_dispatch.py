"""Work reaches its cluster once, whatever is killed and whatever is said twice."""

from datetime import timedelta

import pytest

from federation.adapters.base import (
    AuthExpired,
    Gone,
    Observation,
    Phase,
    Rejected,
    RemoteRef,
    Retryable,
    Unknown,
)
from federation.adapters.models import SimulatedJob
from federation.adapters.queries import adapter_for
from federation.capacity.models import Pool
from federation.usage.models import UsageRecord
from scheduler.dispatch import actions as dispatch
from scheduler.dispatch import tasks
from scheduler.workloads import actions as workloads
from scheduler.workloads.models import Workload
from tests.federation.builders import NOON

pytestmark = pytest.mark.django_db
Status = Workload.Status


def now(work):
    return Workload.objects.get(id=work.id)


def ended_once(work, status, seconds):
    work = now(work)
    assert (work.status, work.leased_until) == (status, None)
    reading = UsageRecord.objects.get()
    assert (reading.seconds, reading.cards, reading.source_key) == (seconds, work.cards, work.key)
    assert Pool.objects.get().cards_held == 0


def test_the_road_from_queue_to_reading(order, turn):
    work = order()

    turn(seconds=1)
    accepted = now(work).status
    turn(seconds=4)
    running = now(work)
    turn(seconds=100)

    assert (accepted, running.status, running.started_at) == (
        Status.ACCEPTED,
        Status.RUNNING,
        NOON + timedelta(seconds=3),
    )
    ended_once(work, Status.SUCCEEDED, 90)


def test_a_failure_keeps_the_real_reason(order, turn):
    work = order(command='PORTAL_SIMULATE="seconds=9 exit=3"')
    turn(seconds=1)
    turn(minutes=1)

    ended_once(work, Status.FAILED, 9)
    assert (now(work).exit_code, now(work).exit_reason) == (3, "exit_code")
    assert "3" in now(work).exit_words


def test_sweeping_again_and_again_changes_nothing(order, turn, jobs):
    work = order()
    for _again in range(5):
        turn(seconds=1)
    turn(minutes=5)
    for _again in range(3):
        turn(seconds=5)

    assert jobs() == 1
    ended_once(work, Status.SUCCEEDED, 90)


def test_an_answer_that_was_lost_on_the_way_is_looked_for_not_repeated(order, turn, trouble, jobs):
    work = order()
    trouble.append(("submit", Unknown("timed out"), True))

    turn(seconds=1)
    doubtful = now(work)
    turn(seconds=10)

    assert (doubtful.status, doubtful.wait_reason, doubtful.remote_ref) == (Status.SUBMITTING, "unknown", "")
    assert (now(work).status, jobs()) == (Status.RUNNING, 1)


def test_a_worker_killed_between_submission_and_note_costs_nothing(order, turn, trouble, jobs, clock):
    work = order()
    taken = dispatch.claim(statuses=(Status.QUEUED,), seen=set(), silent=set(), at=clock())
    adapter_for(taken.pool.cluster, clock).submit(taken.key, tasks.spec_of(taken))

    turn(seconds=1)
    leased = now(work).status
    turn(minutes=2)

    assert (leased, jobs()) == (Status.SUBMITTING, 1)
    assert now(work).remote_ref == taken.key


def test_a_worker_that_wakes_up_late_changes_nothing(order, turn, clock):
    work = order()
    late = dispatch.claim(statuses=(Status.QUEUED,), seen=set(), silent=set(), at=clock())
    turn(minutes=2)
    turn(minutes=5)

    assert (
        dispatch.note_accepted(workload_id=late.id, fence=late.fence, ref=RemoteRef("x"), at=clock()) is None
    )
    assert dispatch.note_gone(workload_id=late.id, fence=late.fence, at=clock()) is None
    ended_once(work, Status.SUCCEEDED, 90)


def test_two_workers_never_speak_for_the_same_work(order, clock):
    order()

    first = dispatch.claim(statuses=(Status.QUEUED, Status.SUBMITTING), seen=set(), silent=set(), at=clock())
    second = dispatch.claim(statuses=(Status.QUEUED, Status.SUBMITTING), seen=set(), silent=set(), at=clock())

    assert (first.fence, second) == (1, None)


def test_work_waits_for_a_cluster_that_is_connecting(order, turn, city, jobs):
    work = order()
    city.cluster.state = "connecting"
    city.cluster.save()
    turn(seconds=1)
    waiting = now(work).status

    city.cluster.state = "online"
    city.cluster.save()
    turn(seconds=1)

    assert (waiting, now(work).status, jobs()) == (Status.QUEUED, Status.ACCEPTED, 1)


def test_a_refusal_ends_it_without_charge(order, turn, trouble):
    work = order()
    trouble.append(("submit", Rejected("no such image"), False))
    turn(seconds=1)

    ended_once(work, Status.FAILED, 0)
    assert (now(work).exit_reason, now(work).message, now(work).is_provider_fault) == (
        "rejected",
        "no such image",
        True,
    )


def test_one_silent_cluster_is_asked_once_in_a_sweep(order, turn, trouble):
    order("OD-1")
    order("OD-2")
    trouble.extend([("find", Retryable("down"), False)] * 2)

    turn(seconds=1)

    assert len(trouble) == 1


def test_silence_keeps_the_state_until_the_clusters_grace_is_over(order, turn, trouble, city, clock):
    work = order()
    turn(seconds=1)
    turn(seconds=10)
    city.cluster.silent_since = clock()
    city.cluster.save()
    trouble.extend([("get", Retryable("down"), False)] * 2)

    turn(minutes=29)
    during = now(work)
    turn(minutes=2)

    assert (during.status, during.wait_reason) == (Status.RUNNING, "unreachable")
    ended_once(work, Status.LOST, 8)
    assert now(work).is_provider_fault


def test_a_refused_password_loses_no_work(order, turn, trouble, city, clock):
    work = order(command='PORTAL_SIMULATE="seconds=90000"', max_seconds=100_000)
    turn(seconds=1)
    city.cluster.silent_since = clock()
    city.cluster.save()
    trouble.append(("get", AuthExpired("401"), False))

    turn(hours=5)

    assert (now(work).status, now(work).wait_reason) == (Status.ACCEPTED, "auth_expired")


def test_a_job_forgotten_by_its_cluster_is_lost_when_it_is_said_twice(order, turn):
    work = order()
    turn(seconds=1)
    turn(seconds=10)
    SimulatedJob.objects.all().delete()

    turn(seconds=5)
    once = now(work).status
    turn(seconds=20)

    assert once == Status.RUNNING
    ended_once(work, Status.LOST, 8)


def test_a_job_that_is_found_again_was_never_lost(order, turn, trouble):
    work = order()
    turn(seconds=1)
    trouble.append(("get", Gone("restarting"), False))
    turn(seconds=10)
    doubted = now(work).gone_since
    turn(seconds=20)

    assert doubted is not None
    assert (now(work).status, now(work).gone_since) == (Status.RUNNING, None)


def test_an_unknown_word_changes_nothing(order, turn, trouble, clock):
    work = order()
    turn(seconds=1)
    taken = dispatch.claim(statuses=(Status.ACCEPTED,), seen=set(), silent=set(), at=clock.pass_(seconds=5))

    dispatch.note_observed(
        workload_id=taken.id,
        fence=taken.fence,
        seen=Observation(RemoteRef(taken.key), Phase.UNKNOWN, "hibernating"),
        ending=None,
        at=clock(),
    )

    assert now(work).status == Status.ACCEPTED


def test_a_stop_asked_for_while_submitting_stops_the_job(order, turn, clock, jobs):
    work = order()
    dispatch.claim(statuses=(Status.QUEUED,), seen=set(), silent=set(), at=clock())
    taken = now(work)
    workloads.request_cancel(order_code="OD-1", by=None, at=clock())
    ref = adapter_for(taken.pool.cluster, clock).submit(taken.key, tasks.spec_of(taken))
    dispatch.note_accepted(workload_id=taken.id, fence=taken.fence, ref=ref, at=clock())

    turn(seconds=1)
    turn(seconds=5)

    assert jobs() == 1
    ended_once(work, Status.CANCELLED, 0)


def test_a_stop_for_what_never_arrived_ends_it(order, turn, trouble, clock, jobs):
    work = order()
    trouble.append(("find", Retryable("down"), False))
    turn(seconds=1)
    workloads.request_cancel(order_code="OD-1", by=None, at=clock())
    turn(seconds=10)

    assert jobs() == 0
    ended_once(work, Status.CANCELLED, 0)


def test_a_stop_is_asked_for_until_it_is_believed(order, turn, trouble, clock):
    work = order()
    turn(seconds=1)
    turn(seconds=12)
    workloads.request_cancel(order_code="OD-1", by=None, at=clock())
    trouble.append(("cancel", Retryable("down"), False))
    turn(seconds=1)
    asked = now(work).status
    turn(seconds=6)
    turn(seconds=5)

    assert asked == Status.CANCELLING
    ended_once(work, Status.CANCELLED, 17)


def test_work_that_ends_while_it_is_being_stopped_has_ended(order, turn, clock):
    work = order()
    turn(seconds=1)
    turn(seconds=5)
    workloads.request_cancel(order_code="OD-1", by=None, at=clock())
    turn(minutes=5)

    ended_once(work, Status.SUCCEEDED, 90)


def test_a_stop_that_nobody_asked_for_is_the_clusters_doing(order, turn):
    work = order()
    turn(seconds=1)
    turn(seconds=5)
    SimulatedJob.objects.update(stopped_at=NOON + timedelta(seconds=6))
    turn(seconds=5)

    ended_once(work, Status.FAILED, 3)
    assert (now(work).exit_reason, now(work).is_provider_fault) == ("stopped_by_cluster", True)


def test_a_cluster_that_lets_it_run_too_long_is_told_to_stop_and_is_not_paid_for_it(order, turn):
    work = order(max_seconds=60)
    turn(seconds=1)
    SimulatedJob.objects.update(ends_at=NOON + timedelta(hours=9))
    turn(seconds=5)
    turn(minutes=3)
    turn(seconds=5)
    turn(seconds=5)

    ended_once(work, Status.FAILED, 60)
    assert now(work).exit_reason == "time_limit"


def test_work_ends_even_if_its_log_cannot_be_had(order, turn, trouble):
    work = order()
    turn(seconds=1)
    trouble.append(("log_ending", Retryable("down"), False))
    turn(minutes=5)

    ended_once(work, Status.SUCCEEDED, 90)
    assert now(work).final_log == ""


def test_one_bad_row_does_not_stop_the_rest(order, turn, trouble):
    first, second = order("OD-1"), order("OD-2")
    trouble.append(("find", RuntimeError("a bug"), False))

    turn(seconds=1)

    assert {now(first).status, now(second).status} == {Status.SUBMITTING, Status.ACCEPTED}


def test_orphans_are_stopped_and_strangers_are_left_alone(order, turn, clock, city):
    work = order()
    turn(seconds=1)
    adapter = adapter_for(city.cluster, clock)
    for key in (f"xm.{work.code}.2", "xm.WL-unknown.1", "other.WL-1.1"):
        adapter.submit(key, tasks.spec_of(work))
    clock.pass_(seconds=5)

    tasks.stop_orphans(city.cluster, adapter)

    stopped = {job.key for job in SimulatedJob.objects.filter(stopped_at__isnull=False)}
    assert stopped == {f"xm.{work.code}.2"}
