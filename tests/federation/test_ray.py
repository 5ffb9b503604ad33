"""The Ray adapter against a real Ray."""

import time
import uuid

import pytest

from federation.adapters.base import JobSpec, Phase, RemoteRef, Unknown
from federation.adapters.ray import RayAdapter
from federation.capacity.catalogue_data import EMBEDDED_RAY

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(scope="module")
def ray(ray_cluster):
    with RayAdapter(ray_cluster) as adapter:
        yield adapter


def new_key():
    return f"test.WL{uuid.uuid4().hex[:8]}.1"


def spec(command, *, cards=4, max_seconds=120, files=()):
    return JobSpec("WL-1", "OD-1", "ascend910b", cards, command, max_seconds, files=files)


def submit(ray, job):
    """Hand a job in as the caller must: after any doubt ask, and never send again blindly."""
    key = new_key()
    try:
        return ray.submit(key, job)
    except Unknown:
        deadline = time.monotonic() + 60
        while (ref := ray.find(key)) is None:
            assert time.monotonic() < deadline, "it never arrived"
            time.sleep(0.2)
        return ref


def until(ray, ref, *phases, seconds=60):
    deadline = time.monotonic() + seconds
    while (seen := ray.get(ref)).phase not in phases:
        assert time.monotonic() < deadline, f"still {seen.phase}: {seen.message}"
        assert not seen.phase.is_final, f"ended early: {seen}"
        time.sleep(0.2)
    return seen


def test_ray_is_started_with_the_citys_cards(ray):
    deadline = time.monotonic() + 30
    while not (snapshot := ray.snapshot()).is_complete and time.monotonic() < deadline:
        time.sleep(0.2)

    assert {reading.accelerator: reading.cards_total for reading in snapshot.pools} == EMBEDDED_RAY
    assert ray.probe().version.startswith("Ray 2.")


def test_a_job_runs_with_its_files_and_says_what_it_did(ray):
    command = "python3 src/hello.py && echo $PORTAL_ORDER $PORTAL_CARDS"
    ref = submit(ray, spec(command, files=(("src/hello.py", "print('你好，算力')\n".encode()),)))

    seen = until(ray, ref, Phase.SUCCEEDED)
    text = ray.log_ending(ref, 10_000).text
    assert "你好，算力\nOD-1 4\n" in text
    assert seen.exit_code == 0
    assert seen.started_at < seen.ended_at


def test_a_log_read_in_pieces_is_the_whole_log(ray):
    ref = submit(ray, spec("for n in 1 2 3; do echo 第 $n 行; done"))
    until(ray, ref, Phase.SUCCEEDED)

    pieces, cursor = [], 0
    while (piece := ray.logs(ref, cursor, limit=31)).text:
        pieces.append(piece.text)
        cursor = piece.cursor
    assert "".join(pieces) == ray.log_ending(ref, 100_000).text


def test_a_failure_brings_its_exit_code_and_last_words(ray):
    ref = submit(ray, spec("echo about to break; exit 7"))

    seen = until(ray, ref, Phase.FAILED)
    assert (seen.exit_code, seen.reason) == (7, "exit_code")
    assert "about to break" in seen.message


def test_the_same_key_runs_once(ray):
    key = new_key()
    first = ray.submit(key, spec("echo once; sleep 1"))

    assert ray.submit(key, spec("echo twice")) == first == ray.find(key)
    until(ray, first, Phase.SUCCEEDED)
    text = ray.log_ending(first, 10_000).text
    assert (text.count("once\n"), text.count("twice\n")) == (1, 0)


def test_a_stop_ends_the_whole_family(ray):
    ref = submit(ray, spec("sleep 300 & sleep 300"))
    until(ray, ref, Phase.RUNNING)

    ray.cancel(ref)

    seen = until(ray, ref, Phase.STOPPED)
    assert seen.reason == "stopped"
    assert 0 < (seen.ended_at - seen.started_at).total_seconds() < 30


def test_the_hours_ordered_are_the_hours_run(ray):
    ref = submit(ray, spec("sleep 300 & sleep 300", max_seconds=2))

    seen = until(ray, ref, Phase.FAILED)
    assert seen.reason == "time_limit"
    assert 2 <= (seen.ended_at - seen.started_at).total_seconds() < 15


def test_waiting_for_cards_is_not_on_the_meter(ray):
    everything = EMBEDDED_RAY["ascend910b"]
    first = submit(ray, spec("sleep 5", cards=everything))
    second = submit(ray, spec("sleep 1", cards=everything))

    one, two = until(ray, first, Phase.SUCCEEDED), until(ray, second, Phase.SUCCEEDED)
    assert two.started_at >= one.ended_at
    assert 1 <= (two.ended_at - two.started_at).total_seconds() < 4


def test_only_our_own_jobs_are_listed(ray):
    key = new_key()
    ray.submit(key, spec("true"))

    assert key in {seen.ref.id for seen in ray.list("test")}
    assert list(ray.list("nobody")) == []
    assert ray.find("test.WL-never.1") is None
    until(ray, RemoteRef(key), Phase.SUCCEEDED)


def test_a_job_sees_nothing_of_the_houses_secrets(ray):
    ref = submit(ray, spec("env; python -c 'import sys; print(sys.version)'"))
    until(ray, ref, Phase.SUCCEEDED)

    text = ray.log_ending(ref, 100_000).text
    assert "PORTAL_WORKLOAD=WL-1" in text
    assert not [word for word in ("DATABASE_", "SECRET", "REDIS_URL") if word in text]
