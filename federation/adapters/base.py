"""What the city asks of any cluster, whoever runs it. No Django here: an adapter can be written and tested alone.

Times are timezone-aware datetimes of the cluster's own clock; sizes are bytes; capacity is in whole cards.
After any doubt (time-out, 5xx, crash) the caller asks find(key) and never submits blindly again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, Self

LOG_CHUNK = 64 * 1024


class AdapterError(Exception):
    """Something the other side said, or failed to say. `code` is a machine word that is kept with the row."""

    code = "unknown"


class Retryable(AdapterError):
    """Nothing happened; ask again later."""

    code = "unreachable"


class Throttled(Retryable):
    """We ask too often."""

    code = "throttled"


class AuthExpired(AdapterError):
    """Our credentials are not accepted. The cluster is not lost: running work is left alone."""

    code = "auth_expired"


class Rejected(AdapterError):
    """The cluster will never take this; asking again is useless."""

    code = "rejected"


class NoCapacity(Retryable):
    """No room now."""

    code = "no_capacity"


class Unknown(AdapterError):
    """We cannot tell whether it happened. Means: find(key)."""

    code = "unknown"


class Gone(AdapterError):
    """The cluster answers, and knows nothing of this job."""

    code = "gone"


class Phase(StrEnum):
    """A job's life in our words. UNKNOWN: a word of theirs that we do not know, so ours stays as it is."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.STOPPED)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this kind of cluster can do. gang_nodes: most nodes one job may span."""

    gang_nodes: int = 1
    runs_user_code: bool = True
    lists_jobs: bool = False
    shows_nodes: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """A cheap sign of life."""

    seen_at: datetime
    version: str
    latency_ms: float


@dataclass(frozen=True, slots=True)
class PoolReading:
    """One card type as the cluster sees it. sold_by_node None: it cannot tell who uses its cards."""

    accelerator: str
    cards_total: int
    idle_by_node: tuple[int, ...] = ()
    sold_by_node: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class CapacitySnapshot:
    """All pools at one instant. An incomplete snapshot deletes nothing: an empty list is not an empty cluster."""

    taken_at: datetime
    is_complete: bool
    pools: tuple[PoolReading, ...]


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What to run. files: (relative path, content) pairs that lie in the working directory."""

    code: str
    order_code: str
    accelerator: str
    cards: int
    command: str
    max_seconds: int
    files: tuple[tuple[str, bytes], ...] = ()
    allocation: tuple[tuple[int, int], ...] = ()
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """The cluster's own name for a job."""

    id: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A job as the cluster sees it now.

    started_at  when the cards were given, never when the job was queued; None = no proof that it ever ran
    ended_at    when they were given back
    reason      machine word for a failure: exit_code, time_limit, environment, node_lost, no_capacity, stopped …
    message     the cluster's own words, last log lines included
    """

    ref: RemoteRef
    phase: Phase
    remote_word: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Text from a byte position on, and the position after it. is_cut: the rest is too long to be followed."""

    text: str
    cursor: int
    is_cut: bool = False


class Adapter(Protocol):
    """One connection to one cluster; use it in a `with` block."""

    kind: str
    capabilities: Capabilities

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc) -> None: ...

    def probe(self) -> Health:
        """Are you there, and do you accept us?"""

    def snapshot(self) -> CapacitySnapshot:
        """What have you got?"""

    def submit(self, key: str, spec: JobSpec) -> RemoteRef:
        """Run this once, however often it is asked under the same key."""

    def find(self, key: str) -> RemoteRef | None:
        """Did you ever get this key?"""

    def get(self, ref: RemoteRef) -> Observation:
        """How is it going? Raises Gone when the cluster does not know the job."""

    def list(self, origin: str) -> Iterable[Observation]:
        """Every job that carries our origin tag."""

    def cancel(self, ref: RemoteRef) -> None:
        """Stop it. Idempotent; the job may take a while to be gone. Raises Gone."""

    def logs(self, ref: RemoteRef, cursor: int, limit: int = LOG_CHUNK) -> LogChunk:
        """Output from byte `cursor`, at most `limit` bytes."""

    def log_ending(self, ref: RemoteRef, limit: int) -> LogChunk:
        """The last `limit` bytes; cursor is where they end."""


def whole_text(data: bytes) -> tuple[str, int]:
    """Decode bytes and say how many were used: a character cut at the end waits for the next chunk."""
    for cut in range(min(4, len(data) + 1)):
        try:
            return data[: len(data) - cut].decode("utf-8"), len(data) - cut
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", errors="replace"), len(data)
