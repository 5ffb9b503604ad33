"""A simulated cluster: it has capacity and a clock, and runs nobody's code. It says so in every log.

A rehearsal may steer it from the command: `PORTAL_SIMULATE="seconds=90 exit=3"`. Its capacity is written in the
cluster's options: {"pools": [{"accelerator", "nodes", "cards_per_node", "sold_by_node"}], "is_down": false}.
"""

import re
import zlib
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from federation.adapters.base import (
    LOG_CHUNK,
    Capabilities,
    CapacitySnapshot,
    Gone,
    Health,
    JobSpec,
    LogChunk,
    Observation,
    Phase,
    PoolReading,
    RemoteRef,
    Retryable,
    whole_text,
)
from federation.adapters.models import SimulatedJob

START_DELAY = timedelta(seconds=2)
LINE_EVERY = 10
TIME_LIMIT_EXIT = 124
DIRECTIVE = re.compile(r"PORTAL_SIMULATE=[\"']?([^\"'\n]*)")


class SimulatedAdapter:
    """A rehearsal of a provider's cluster, deterministic in its key and its clock."""

    kind = "simulated"
    capabilities = Capabilities(gang_nodes=64, runs_user_code=False, lists_jobs=True, shows_nodes=True)

    def __init__(self, cluster, clock):
        self._cluster = cluster
        self._clock = clock

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def probe(self) -> Health:
        self._answer()
        return Health(seen_at=self._clock(), version=_("模拟集群"), latency_ms=0.0)

    def snapshot(self) -> CapacitySnapshot:
        self._answer()
        pools = tuple(
            PoolReading(
                accelerator=pool["accelerator"],
                cards_total=pool["nodes"] * pool["cards_per_node"],
                sold_by_node=tuple(pool["sold_by_node"]),
                idle_by_node=tuple(pool["cards_per_node"] - sold for sold in pool["sold_by_node"]),
            )
            for pool in self._cluster.options.get("pools", [])
        )
        return CapacitySnapshot(taken_at=self._clock(), is_complete=True, pools=pools)

    def submit(self, key: str, spec: JobSpec) -> RemoteRef:
        self._answer()
        now = self._clock()
        seconds, exit_code = rehearsal(key, spec.command)
        limited = min(seconds, spec.max_seconds)
        SimulatedJob.objects.get_or_create(
            cluster=self._cluster,
            key=key,
            defaults={
                "accelerator": spec.accelerator,
                "cards": spec.cards,
                "submitted_at": now,
                "starts_at": now + START_DELAY,
                "ends_at": now + START_DELAY + timedelta(seconds=limited),
                "exit_code": exit_code if limited == seconds else TIME_LIMIT_EXIT,
                "is_cut_off": limited < seconds,
            },
        )
        return RemoteRef(key)

    def find(self, key: str) -> RemoteRef | None:
        self._answer()
        return RemoteRef(key) if self._jobs().filter(key=key).exists() else None

    def get(self, ref: RemoteRef) -> Observation:
        self._answer()
        return self._observe(self._job(ref))

    def list(self, origin: str):
        self._answer()
        return [self._observe(job) for job in self._jobs().filter(key__startswith=f"{origin}.")]

    def cancel(self, ref: RemoteRef) -> None:
        self._answer()
        with transaction.atomic():
            job = self._jobs().select_for_update(no_key=True).filter(key=ref.id).first()
            if job is None:
                raise Gone(ref.id)
            now = self._clock()
            if job.stopped_at is None and now < job.ends_at:
                job.stopped_at = now
                job.save(update_fields=["stopped_at"])

    def logs(self, ref: RemoteRef, cursor: int, limit: int = LOG_CHUNK) -> LogChunk:
        data = self._log(ref)
        text, used = whole_text(data[cursor : cursor + limit])
        return LogChunk(text, cursor + used)

    def log_ending(self, ref: RemoteRef, limit: int) -> LogChunk:
        data = self._log(ref)
        return LogChunk(data[-limit:].decode("utf-8", errors="replace"), len(data), is_cut=len(data) > limit)

    def _answer(self):
        if self._cluster.options.get("is_down"):
            raise Retryable(_("模拟集群被设为不可达。"))

    def _jobs(self):
        return SimulatedJob.objects.filter(cluster=self._cluster)

    def _job(self, ref) -> SimulatedJob:
        job = self._jobs().filter(key=ref.id).first()
        if job is None:
            raise Gone(ref.id)
        return job

    def _observe(self, job: SimulatedJob) -> Observation:
        now, ref = self._clock(), RemoteRef(job.key)
        if job.stopped_at is not None:
            ran = job.stopped_at > job.starts_at
            return Observation(
                ref,
                Phase.STOPPED,
                "stopped",
                started_at=job.starts_at if ran else None,
                ended_at=job.stopped_at if ran else None,
                reason="stopped",
            )
        if now < job.starts_at:
            return Observation(ref, Phase.WAITING, "waiting")
        if now < job.ends_at:
            return Observation(ref, Phase.RUNNING, "running", started_at=job.starts_at)
        phase = Phase.FAILED if job.exit_code else Phase.SUCCEEDED
        reason = "time_limit" if job.is_cut_off else "exit_code" if job.exit_code else ""
        return Observation(
            ref,
            phase,
            str(phase),
            started_at=job.starts_at,
            ended_at=job.ends_at,
            exit_code=job.exit_code,
            reason=reason,
            message=self._log(ref).decode()[-2000:] if job.exit_code else "",
        )

    def _log(self, ref) -> bytes:
        self._answer()
        job = self._job(ref)
        now = self._clock()
        over = min(filter(None, (job.stopped_at, job.ends_at)))
        # One language for the whole log: byte positions must not depend on who reads it.
        with translation.override(settings.LANGUAGE_CODE):
            lines = []
            if now >= job.starts_at:
                lines.append(
                    _("[模拟] %(cluster)s 是模拟集群：它演练排队、运行、计量和取消，不运行您的程序。")
                    % {"cluster": self._cluster.name}
                )
                lines.append(_("[模拟] 已分配 %(cards)s 张卡，开始计时。") % {"cards": job.cards})
                passed = int((min(now, over) - job.starts_at).total_seconds())
                lines += [
                    _("[模拟] 已运行 %(seconds)s 秒。") % {"seconds": seconds}
                    for seconds in range(LINE_EVERY, passed + 1, LINE_EVERY)
                ]
            if now >= over:
                lines.append(self._last_line(job))
        return "".join(f"{line}\n" for line in lines).encode()

    def _last_line(self, job: SimulatedJob) -> str:
        if job.stopped_at is not None:
            return _("[模拟] 按要求停止。")
        if job.is_cut_off:
            return _("[模拟] 已达到订购时长上限，停止计时。")
        return _("[模拟] 演练结束，退出码 %(code)s。") % {"code": job.exit_code}


def connect(cluster, clock) -> SimulatedAdapter:
    """A line to a simulated cluster."""
    return SimulatedAdapter(cluster, clock)


def rehearsal(key: str, command: str) -> tuple[int, int]:
    """(seconds to run, exit code): as the command asks, else one to two minutes, fixed by the key, and success."""
    asked = DIRECTIVE.search(command)
    words = dict(re.findall(r"(seconds|exit)=(\d+)", asked.group(1))) if asked else {}
    seconds = int(words.get("seconds", 60 + zlib.crc32(key.encode()) % 60))
    return max(1, seconds), min(255, int(words.get("exit", 0)))
