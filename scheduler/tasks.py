"""The lobby: Celery finds the sweeps here."""

from scheduler.dispatch.tasks import (
    cancel_requested_workloads,
    observe_open_workloads,
    stop_orphaned_jobs,
    submit_queued_workloads,
)

__all__ = [
    "cancel_requested_workloads",
    "observe_open_workloads",
    "stop_orphaned_jobs",
    "submit_queued_workloads",
]
