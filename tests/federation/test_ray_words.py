"""What the Ray adapter makes of every kind of answer. The answers are Ray 2.60's own, recorded."""

import io
import zipfile
from datetime import UTC, datetime

import httpx
import pytest

from federation.adapters.base import (
    AuthExpired,
    Gone,
    JobSpec,
    Phase,
    Rejected,
    RemoteRef,
    Retryable,
    Throttled,
    Unknown,
)
from federation.adapters.ray import RayAdapter, package

KEY = "xm.WL-1.1"
SPEC = JobSpec("WL-1", "OD-1", "ascend910b", 4, "python train.py", 60, files=(("train.py", b"print(1)\n"),))
ALREADY = "Traceback …\nValueError: Job with submission_id xm.WL-1.1 already exists. Please use a different submission_id.\n."


def line(answers):
    """A line to a Ray that gives these answers; a path is matched by its beginning."""

    def answer(request):
        for (method, path), reply in answers.items():
            if request.method == method and request.url.path.startswith(path):
                return reply(request) if callable(reply) else reply
        return httpx.Response(404, text=f"no answer for {request.method} {request.url.path}")

    return RayAdapter("http://ray.test", transport=httpx.MockTransport(answer))


def cut(_request):
    raise httpx.ReadTimeout("timed out")


def refused(_request):
    raise httpx.ConnectError("connection refused")


PACKAGE = {("GET", "/api/packages"): httpx.Response(200)}


def job(status, **fields):
    return httpx.Response(200, json={"status": status, "message": "", "driver_exit_code": None} | fields)


def actors(started=1795247348975, ended=0):
    return {
        ("GET", "/api/v0/actors"): httpx.Response(
            200, json={"data": {"result": {"result": [{"actor_id": "a1"}]}}}
        ),
        ("GET", "/logical/actors"): httpx.Response(
            200, json={"data": {"actors": {"a1": {"startTime": started, "endTime": ended}}}}
        ),
    }


def test_already_exists_means_it_arrived():
    ray = line(PACKAGE | {("POST", "/api/jobs/"): httpx.Response(500, text=ALREADY)})

    assert ray.submit(KEY, SPEC) == RemoteRef(KEY)


@pytest.mark.parametrize(
    ("reply", "sad_fact"),
    [
        (httpx.Response(400, text="TypeError: entrypoint must be a string"), Rejected),
        (httpx.Response(500, text="No available agent to submit job, please try again later."), Unknown),
        (cut, Unknown),
        (refused, Retryable),
        (httpx.Response(401), AuthExpired),
        (httpx.Response(429), Throttled),
    ],
)
def test_each_failed_submission_has_its_meaning(reply, sad_fact):
    with pytest.raises(sad_fact) as told:
        line(PACKAGE | {("POST", "/api/jobs/"): reply}).submit(KEY, SPEC)
    assert type(told.value) is sad_fact


def test_the_package_goes_up_once():
    sent = []
    missing = {
        ("GET", "/api/packages"): httpx.Response(404),
        ("PUT", "/api/packages"): lambda request: sent.append(request.content) or httpx.Response(200),
        ("POST", "/api/jobs/"): httpx.Response(200, json={}),
    }
    line(missing).submit(KEY, SPEC)
    line(PACKAGE | {("POST", "/api/jobs/"): httpx.Response(200, json={})}).submit(KEY, SPEC)

    assert sent == [package(SPEC)]


def test_the_same_job_is_the_same_package():
    assert package(SPEC) == package(SPEC)
    with zipfile.ZipFile(io.BytesIO(package(SPEC))) as archive:
        assert archive.namelist() == [".portal/job.json", ".portal/run.py", "train.py"]
        assert archive.read("train.py") == b"print(1)\n"


def test_a_key_never_heard_of_is_none_and_a_job_forgotten_is_gone():
    ray = line({})

    assert ray.find(KEY) is None
    for call in (ray.get, ray.cancel, lambda ref: ray.logs(ref, 0)):
        with pytest.raises(Gone):
            call(RemoteRef(KEY))


def test_waiting_is_not_billed():
    waiting = line({("GET", "/api/jobs/"): job("PENDING", start_time=1795247347703)}).get(RemoteRef(KEY))
    running = line(
        {("GET", "/api/jobs/"): job("RUNNING", start_time=1795247347703)} | actors(1795247372493)
    ).get(RemoteRef(KEY))

    assert (waiting.phase, waiting.started_at) == (Phase.WAITING, None)
    assert running.started_at == datetime(2026, 11, 21, 7, 49, 32, 493000, UTC)


def test_the_earlier_of_two_ends_counts():
    ray = line(
        {("GET", "/api/jobs/"): job("FAILED", end_time=1795247380000, error_type="JOB_SUPERVISOR_ACTOR_DIED")}
        | actors(1795247348975, 1795247369089)
    )

    seen = ray.get(RemoteRef(KEY))
    assert (seen.ended_at - seen.started_at).total_seconds() == 20.114
    assert seen.reason == "node_lost"


def test_without_proof_of_a_start_there_is_none():
    nobody = {("GET", "/api/v0/actors"): httpx.Response(200, json={"data": {"result": {"result": []}}})}
    ray = line({("GET", "/api/jobs/"): job("FAILED", end_time=1795247369089)} | nobody)

    assert ray.get(RemoteRef(KEY)).started_at is None


def test_an_unanswered_meter_is_asked_again_rather_than_guessed():
    ray = line(
        {("GET", "/api/jobs/"): job("SUCCEEDED", end_time=1), ("GET", "/api/v0/actors"): httpx.Response(500)}
    )

    with pytest.raises(Retryable):
        ray.get(RemoteRef(KEY))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"error_type": "JOB_ENTRYPOINT_COMMAND_ERROR", "driver_exit_code": 3}, "exit_code"),
        ({"error_type": "RUNTIME_ENV_SETUP_FAILURE"}, "environment"),
        ({"error_type": "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"}, "no_capacity"),
        ({"error_type": "JOB_SUPERVISOR_ACTOR_DIED"}, "node_lost"),
        ({"error_type": "SOMETHING_NEW", "driver_exit_code": 1}, "exit_code"),
        ({"error_type": "JOB_ENTRYPOINT_COMMAND_ERROR", "driver_exit_code": 124}, "exit_code"),
        (
            {
                "error_type": "JOB_ENTRYPOINT_COMMAND_ERROR",
                "driver_exit_code": 124,
                "runtime_env": {"env_vars": {"PORTAL_MAX_SECONDS": "20"}},
            },
            "time_limit",
        ),
    ],
)
def test_each_failure_has_its_reason(fields, reason):
    ray = line(
        {("GET", "/api/jobs/"): job("FAILED", end_time=1795247369089, **fields)} | actors(ended=1795247369189)
    )

    assert ray.get(RemoteRef(KEY)).reason == reason


def test_an_unknown_word_is_not_guessed():
    assert line({("GET", "/api/jobs/"): job("HIBERNATING")}).get(RemoteRef(KEY)).phase == Phase.UNKNOWN


def test_a_snapshot_without_a_living_node_is_incomplete():
    ray = line(
        {
            ("GET", "/nodes"): httpx.Response(
                200, json={"data": {"summary": [{"raylet": {"state": "DEAD"}}]}}
            ),
            ("GET", "/api/cluster_status"): httpx.Response(200, json={"data": {"clusterStatus": None}}),
        }
    )

    assert (ray.snapshot().is_complete, ray.snapshot().pools) == (False, ())


def test_a_page_instead_of_data_is_no_answer():
    with pytest.raises(Retryable):
        line({("GET", "/api/version"): httpx.Response(200, text="<html>")}).probe()
