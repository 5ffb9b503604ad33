"""The lobby: Django finds the rooms here."""

from scheduler.placement.models import Decision
from scheduler.workloads.models import Workload, WorkloadFile

__all__ = ["Decision", "Workload", "WorkloadFile"]
