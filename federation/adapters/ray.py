"""A Ray cluster, spoken to through its Jobs REST API (Ray 2.60).

Metering: Ray stamps a job's start_time when it is *submitted*, so waiting for cards would be billed. The job's
supervisor actor holds the cards, and Ray's control plane (GCS) stamps that actor's startTime when it has them and
its endTime when they are given back. Buyer code cannot write either. See docs/decisions/metering-on-ray.md.
"""

import hashlib
import io
import json
import re
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from federation.adapters.base import (
    LOG_CHUNK,
    AuthExpired,
    Capabilities,
    CapacitySnapshot,
    Gone,
    Health,
    JobSpec,
    LogChunk,
    Observation,
    Phase,
    PoolReading,
    Rejected,
    RemoteRef,
    Retryable,
    Throttled,
    Unknown,
    whole_text,
)
from federation.adapters.ray_runner import TIME_LIMIT_EXIT
from portal.shell import measures
from portal.shell.middleware import current_request_id

PHASES = {
    "PENDING": Phase.WAITING,
    "RUNNING": Phase.RUNNING,
    "SUCCEEDED": Phase.SUCCEEDED,
    "FAILED": Phase.FAILED,
    "STOPPED": Phase.STOPPED,
}
REASONS = {
    "RUNTIME_ENV_SETUP_FAILURE": "environment",
    "JOB_SUPERVISOR_ACTOR_START_TIMEOUT": "no_capacity",
    "JOB_SUPERVISOR_ACTOR_START_FAILURE": "environment",
    "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE": "no_capacity",
    "JOB_SUPERVISOR_ACTOR_DIED": "node_lost",
    "JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE": "node_lost",
    "JOB_ENTRYPOINT_COMMAND_START_ERROR": "environment",
    "JOB_ENTRYPOINT_COMMAND_ERROR": "exit_code",
}
OWN_RESOURCES = re.compile(r"^(CPU|GPU|memory|object_?[sS]tore_?[mM]emory|node:.*|accelerator_type:.*)$")
SUPERVISOR = "_ray_internal_job_actor_"
SUPERVISOR_NAMESPACE = "SUPERVISOR_ACTOR_RAY_NAMESPACE"
HOUSEHOLD = ".portal"
MESSAGE_LIMIT = 4000
# A log longer than this is no longer followed from its beginning, only its end is shown.
FOLLOW_LIMIT = 32 * 1024 * 1024
LAST_LINES = 500
TIMEOUT = httpx.Timeout(10.0, connect=2.0)


def _name_request(request: httpx.Request) -> None:
    """The cluster's own logs can name the request that this work began with."""
    request.headers["X-Request-Id"] = current_request_id.get()


class RayAdapter:
    """Real jobs on a real cluster."""

    kind = "ray"
    capabilities = Capabilities(gang_nodes=1, runs_user_code=True, lists_jobs=True, shows_nodes=True)

    def __init__(self, endpoint: str, *, transport: httpx.BaseTransport | None = None):
        self._http = httpx.Client(
            base_url=endpoint,
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            event_hooks={"request": [_name_request]},
        )

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._http.close()

    def probe(self) -> Health:
        started = time.monotonic()
        version = self._json("GET", "/api/version")["ray_version"]
        latency = (time.monotonic() - started) * 1000
        return Health(seen_at=datetime.now(UTC), version=f"Ray {version}", latency_ms=round(latency, 1))

    def snapshot(self) -> CapacitySnapshot:
        nodes = self._json("GET", "/nodes", params={"view": "summary"})["data"]["summary"]
        status = self._json("GET", "/api/cluster_status")["data"]["clusterStatus"] or {}
        usage = (status.get("loadMetricsReport") or {}).get("usageByNode") or {}
        alive = {
            raylet["nodeId"]: raylet.get("resourcesTotal") or {}
            for raylet in (node["raylet"] for node in nodes)
            if raylet.get("state") == "ALIVE"
        }
        pools = []
        for name in sorted(
            {n for resources in alive.values() for n in resources if not OWN_RESOURCES.match(n)}
        ):
            hosts = sorted(node for node, resources in alive.items() if name in resources)
            totals = [int(alive[node][name]) for node in hosts]
            used = [usage.get(node, {}).get(name, [0])[0] for node in hosts]
            idle = tuple(max(0, int(total - busy)) for total, busy in zip(totals, used, strict=True))
            pools.append(PoolReading(accelerator=name, cards_total=sum(totals), idle_by_node=idle))
        # A node that has just joined is listed before its resources are.
        is_complete = bool(alive) and all(alive.values())
        return CapacitySnapshot(taken_at=datetime.now(UTC), is_complete=is_complete, pools=tuple(pools))

    def submit(self, key: str, spec: JobSpec) -> RemoteRef:
        uri = self._upload(package(spec))
        answer = self._send(
            "POST",
            "/api/jobs/",
            doubtful=True,
            json={
                "submission_id": key,
                "entrypoint": f"exec python3 {HOUSEHOLD}/run.py",
                "entrypoint_num_cpus": 0.01,
                "entrypoint_resources": {spec.accelerator: spec.cards},
                "runtime_env": {
                    "working_dir": uri,
                    "env_vars": {
                        "PORTAL_ORDER": spec.order_code,
                        "PORTAL_WORKLOAD": spec.code,
                        "PORTAL_ACCELERATOR": spec.accelerator,
                        "PORTAL_CARDS": str(spec.cards),
                        "PORTAL_MAX_SECONDS": str(spec.max_seconds),
                    },
                },
                "metadata": {"order": spec.order_code, "workload": spec.code, **spec.labels},
            },
        )
        if answer.status_code == 200 or "already exists" in answer.text:
            return RemoteRef(key)
        if answer.status_code == 400:
            raise Rejected(_last_line(answer.text))
        raise Unknown(_last_line(answer.text))

    def find(self, key: str) -> RemoteRef | None:
        answer = self._send("GET", f"/api/jobs/{key}", allow=(404,))
        return None if answer.status_code == 404 else RemoteRef(key)

    def get(self, ref: RemoteRef) -> Observation:
        return self._observe(ref, self._job(ref))

    def list(self, origin: str):
        for job in self._json("GET", "/api/jobs/"):
            key = job.get("submission_id") or ""
            if key.startswith(f"{origin}."):
                yield Observation(RemoteRef(key), PHASES.get(job["status"], Phase.UNKNOWN), job["status"])

    def cancel(self, ref: RemoteRef) -> None:
        answer = self._send("POST", f"/api/jobs/{ref.id}/stop", allow=(404,))
        if answer.status_code == 404:
            raise Gone(ref.id)

    def logs(self, ref: RemoteRef, cursor: int, limit: int = LOG_CHUNK) -> LogChunk:
        if cursor > FOLLOW_LIMIT:
            return LogChunk("", cursor, is_cut=True)
        window = bytearray()
        position = 0
        for block in self._log_blocks(ref):
            start = max(0, cursor - position)
            position += len(block)
            window += block[start:]
            if len(window) >= limit:
                break
        text, used = whole_text(bytes(window[:limit]))
        return LogChunk(text, cursor + used)

    def log_ending(self, ref: RemoteRef, limit: int) -> LogChunk:
        window = bytearray()
        position = 0
        for block in self._log_blocks(ref):
            position += len(block)
            window += block
            del window[: max(0, len(window) - limit)]
            if position > FOLLOW_LIMIT:
                # Too long to count: take its last lines and call this the end.
                window = bytearray(b"".join(self._log_blocks(ref, lines=LAST_LINES))[-limit:])
                break
        text = bytes(window).decode("utf-8", errors="replace")
        return LogChunk(text, position, is_cut=position > limit)

    def _job(self, ref: RemoteRef) -> dict:
        answer = self._send("GET", f"/api/jobs/{ref.id}", allow=(404,))
        if answer.status_code == 404:
            raise Gone(ref.id)
        return answer.json()

    def _observe(self, ref: RemoteRef, job: dict) -> Observation:
        phase = PHASES.get(job["status"], Phase.UNKNOWN)
        started = ended = None
        if phase not in (Phase.WAITING, Phase.UNKNOWN):
            started, released = self._supervisor_times(ref)
            if phase.is_final:
                # A supervisor that dies leaves the job "running" until Ray notices: the earlier stamp is the true end.
                ended = min(filter(None, (_moment(job.get("end_time")), released)), default=None)
        code = job.get("driver_exit_code")
        ran = (ended - started).total_seconds() if started and ended else 0.0
        return Observation(
            ref=ref,
            phase=phase,
            remote_word=job["status"],
            started_at=started,
            ended_at=max(started, ended) if started and ended else ended,
            exit_code=code,
            reason=_reason(job, phase, code, ran),
            message=(job.get("message") or "")[-MESSAGE_LIMIT:],
        )

    def _supervisor_times(self, ref: RemoteRef) -> tuple[datetime | None, datetime | None]:
        """(cards given, cards given back) as Ray's control plane stamped them; None = not, or not yet."""
        listing = self._json(
            "GET",
            "/api/v0/actors",
            params=[
                ("detail", "1"),
                ("filter_keys", "name"),
                ("filter_predicates", "="),
                ("filter_values", SUPERVISOR + ref.id),
                ("filter_keys", "ray_namespace"),
                ("filter_predicates", "="),
                ("filter_values", SUPERVISOR_NAMESPACE),
            ],
        )
        ids = [actor["actor_id"] for actor in listing["data"]["result"]["result"]]
        if not ids:
            return None, None
        actors = self._json("GET", "/logical/actors", params={"ids": ",".join(ids), "nocache": "1"})["data"][
            "actors"
        ]
        stamps = sorted((a["startTime"], a["endTime"]) for a in actors.values() if a and a["startTime"])
        return (_moment(stamps[0][0]), _moment(stamps[0][1])) if stamps else (None, None)

    def _log_blocks(self, ref: RemoteRef, lines: int = -1):
        job = self._job(ref)
        if not job.get("driver_node_id"):
            return
        params = {
            "node_id": job["driver_node_id"],
            "filename": f"job-driver-{ref.id}.log",
            "lines": str(lines),
        }
        try:
            with self._http.stream("GET", "/api/v0/logs/file", params=params) as answer:
                if answer.status_code != 200:
                    raise Retryable(f"HTTP {answer.status_code}")
                yield from answer.iter_bytes()
        except httpx.HTTPError as failure:
            raise Retryable(str(failure)) from failure

    def _upload(self, content: bytes) -> str:
        name = f"_ray_pkg_{hashlib.sha256(content).hexdigest()[:32]}.zip"
        path = f"/api/packages/gcs/{name}"
        if self._send("GET", path, allow=(404,)).status_code == 404:
            self._send("PUT", path, content=content)
        return f"gcs://{name}"

    def _json(self, method: str, path: str, **request):
        try:
            return self._send(method, path, **request).json()
        except ValueError as failure:
            raise Retryable(_("集群返回了无法识别的内容。")) from failure

    def _send(self, method: str, path: str, *, allow=(), doubtful=False, **request) -> httpx.Response:
        """One request; what is neither 200 nor allowed becomes a typed error. doubtful: the caller reads the answer."""
        try:
            with measures.timed(measures.CLUSTER_CALLS, self.kind):
                answer = self._http.request(method, path, **request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as failure:
            raise Retryable(str(failure)) from failure
        except httpx.HTTPError as failure:
            raise (Unknown if doubtful else Retryable)(str(failure)) from failure
        if answer.status_code in (401, 403):
            raise AuthExpired(f"HTTP {answer.status_code}")
        if answer.status_code == 429:
            raise Throttled("HTTP 429")
        if answer.status_code == 200 or answer.status_code in allow or doubtful:
            return answer
        raise Retryable(f"HTTP {answer.status_code}: {_last_line(answer.text)}")


def connect(cluster, _clock) -> RayAdapter:
    """A line to a Ray cluster at its own address, or at the one this house was started with."""
    endpoint = cluster.endpoint or settings.RAY_ADDRESS
    if not endpoint:
        raise Retryable(_("尚未配置集群地址。"))
    return RayAdapter(endpoint)


def package(spec: JobSpec) -> bytes:
    """The job's files and our runner as a zip: the same job always gives the same bytes."""
    job = {
        "command": spec.command,
        "max_seconds": spec.max_seconds,
        "limit_message": _("已达到订购时长上限（%(seconds)s 秒），作业被停止。")
        % {"seconds": spec.max_seconds},
        "workload": spec.code,
    }
    runner = Path(__file__).with_name("ray_runner.py").read_bytes()
    household = [
        (f"{HOUSEHOLD}/job.json", json.dumps(job, ensure_ascii=False, sort_keys=True).encode()),
        (f"{HOUSEHOLD}/run.py", runner),
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted([*spec.files, *household]):
            entry = zipfile.ZipInfo(path, date_time=(2025, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o755 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _reason(job: dict, phase: Phase, code: int | None, ran: float) -> str:
    if phase == Phase.STOPPED:
        return "stopped"
    if phase != Phase.FAILED:
        return ""
    limit = float((job.get("runtime_env") or {}).get("env_vars", {}).get("PORTAL_MAX_SECONDS") or "inf")
    if ran >= limit and code in (TIME_LIMIT_EXIT, -9, 137):
        return "time_limit"
    return REASONS.get(job.get("error_type") or "", "exit_code" if code else "node_lost")


def _moment(milliseconds) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip(". \t")]
    return (lines[-1] if lines else "")[-300:]
