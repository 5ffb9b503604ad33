"""How long things take, counted across all processes of one machine for whoever reads /metrics.

prometheus_client keeps the counts in files under PROMETHEUS_MULTIPROC_DIR, which settings name before this is imported.
"""

import time
from contextlib import contextmanager

from prometheus_client import Histogram

REQUESTS = Histogram(
    "portal_request_seconds", "Requests answered by the web tier", ["route", "method", "status"]
)
TASKS = Histogram("portal_task_seconds", "Sweeps run by the workers", ["task", "outcome"])
CLUSTER_CALLS = Histogram(
    "portal_cluster_call_seconds", "Calls to the clusters' own interfaces", ["adapter", "outcome"]
)


@contextmanager
def timed(histogram: Histogram, *labels: str):
    """Measure this block; its last label is "ok", or "failed" when it raises."""
    started, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "ok"
    finally:
        histogram.labels(*labels, outcome).observe(time.perf_counter() - started)
