"""A simulated cluster is honest: deterministic, obedient, and never silent about what it is."""

import pytest

from federation.adapters.base import Gone, JobSpec, Phase, RemoteRef, Retryable
from federation.adapters.models import SimulatedJob
from federation.adapters.queries import adapter_for
from federation.adapters.simulated import rehearsal
from tests.federation.builders import Clock, cluster, pool

pytestmark = pytest.mark.django_db

KEY = "xm.WL-1.1"


def spec(command="python train.py", max_seconds=3600):
    return JobSpec("WL-1", "OD-1", "ascend910b", 4, command, max_seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def adapter(clock):
    return adapter_for(pool().cluster, clock)


def test_submitting_twice_runs_once(adapter, clock):
    first = adapter.submit(KEY, spec())
    clock.pass_(seconds=30)

    assert adapter.submit(KEY, spec()) == first
    assert SimulatedJob.objects.count() == 1


def test_it_waits_runs_and_ends_by_the_clock(adapter, clock):
    ref = adapter.submit(KEY, spec('PORTAL_SIMULATE="seconds=90"'))
    phases = [adapter.get(ref).phase]
    started = clock.pass_(seconds=2)
    phases.append(adapter.get(ref).phase)
    ended = clock.pass_(seconds=90)
    seen = adapter.get(ref)

    assert [*phases, seen.phase] == [Phase.WAITING, Phase.RUNNING, Phase.SUCCEEDED]
    assert (seen.started_at, seen.ended_at, seen.exit_code) == (started, ended, 0)


def test_it_fails_when_told_to(adapter, clock):
    ref = adapter.submit(KEY, spec('PORTAL_SIMULATE="seconds=5 exit=3"'))
    clock.pass_(minutes=1)

    seen = adapter.get(ref)
    assert (seen.phase, seen.exit_code, seen.reason) == (Phase.FAILED, 3, "exit_code")


def test_it_never_runs_longer_than_ordered(adapter, clock):
    ref = adapter.submit(KEY, spec('PORTAL_SIMULATE="seconds=500"', max_seconds=60))
    clock.pass_(hours=1)

    seen = adapter.get(ref)
    assert (seen.phase, seen.reason) == (Phase.FAILED, "time_limit")
    assert (seen.ended_at - seen.started_at).total_seconds() == 60


def test_a_stop_ends_the_meter(adapter, clock):
    ref = adapter.submit(KEY, spec())
    clock.pass_(seconds=12)
    adapter.cancel(ref)
    clock.pass_(hours=1)
    adapter.cancel(ref)

    seen = adapter.get(ref)
    assert seen.phase == Phase.STOPPED
    assert (seen.ended_at - seen.started_at).total_seconds() == 10


def test_a_stop_before_the_start_ran_nothing(adapter, clock):
    ref = adapter.submit(KEY, spec())
    clock.pass_(seconds=1)
    adapter.cancel(ref)

    assert adapter.get(ref).started_at is None


def test_every_log_says_that_it_is_a_simulation(adapter, clock):
    ref = adapter.submit(KEY, spec())
    clock.pass_(minutes=5)

    text = adapter.log_ending(ref, 10_000).text
    assert "不运行您的程序" in text
    assert all("模拟" in line for line in text.splitlines())


def test_a_log_read_in_pieces_is_the_whole_log(adapter, clock):
    ref = adapter.submit(KEY, spec())
    clock.pass_(minutes=5)
    pieces, cursor = [], 0
    while (piece := adapter.logs(ref, cursor, limit=17)).text:
        pieces.append(piece.text)
        cursor = piece.cursor

    assert "".join(pieces) == adapter.log_ending(ref, 100_000).text


def test_it_knows_only_its_own_jobs(adapter):
    adapter.submit(KEY, spec())
    other = adapter_for(cluster("elsewhere", "telecom"))

    assert other.find(KEY) is None
    with pytest.raises(Gone):
        other.get(RemoteRef(KEY))
    assert [seen.ref.id for seen in adapter.list("xm")] == [KEY]
    assert list(adapter.list("other")) == []


def test_an_outage_can_be_rehearsed(clock):
    adapter = adapter_for(cluster(options={"is_down": True}), clock)

    for call in (
        adapter.probe,
        adapter.snapshot,
        lambda: adapter.submit(KEY, spec()),
        lambda: adapter.find(KEY),
    ):
        with pytest.raises(Retryable):
            call()


def test_length_and_outcome_follow_from_the_key_alone():
    assert rehearsal("a", "run") == rehearsal("a", "run")
    assert 60 <= rehearsal("a", "run")[0] < 120
    assert rehearsal("a", "PORTAL_SIMULATE='seconds=7 exit=9' run") == (7, 9)
