"""Where should this work run, and why not elsewhere: plain values in, decision and reasons out."""

from scheduler.engine.plan import ENGINE_VERSION, Candidate, Decision, plan
from scheduler.engine.reasons import Reason
from scheduler.engine.request import Request
from scheduler.engine.snapshot import PoolRow, Snapshot, nodes_from_shape
from scheduler.engine.weights import Weights

__all__ = [
    "ENGINE_VERSION",
    "Candidate",
    "Decision",
    "PoolRow",
    "Reason",
    "Request",
    "Snapshot",
    "Weights",
    "nodes_from_shape",
    "plan",
]
