"""Travels with every job to a Ray cluster and starts the buyer's command there. Standard library only.

It holds the run to the hours that were paid for: at the limit it ends the whole process group.
It measures nothing: start and end are taken from the cluster's own control plane (see the ray adapter).
"""

import json
import os
import signal
import subprocess
import sys
import time

TIME_LIMIT_EXIT = 124
GRACE_SECONDS = 10


def main() -> int:
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    deadline = time.monotonic() + job["max_seconds"]
    child = subprocess.Popen(job["command"], shell=True)
    try:
        return _exit_code(child.wait(timeout=max(0.0, deadline - time.monotonic())))
    except subprocess.TimeoutExpired:
        print(job["limit_message"], flush=True)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    try:
        child.wait(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)
    return TIME_LIMIT_EXIT


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
