"""A real one-node Ray cluster whose accelerators are logical: real jobs and logs, without the cards."""

import json
import os
import sys
from pathlib import Path
from threading import Event

import httpx

from config.embedded.processes import Service
from config.embedded.state import LOOPBACK, State, own_folder
from federation.capacity.catalogue_data import EMBEDDED_RAY

PORTS = {
    "port": "ray",
    "dashboard-port": "ray-dashboard",
    "node-manager-port": "ray-node-manager",
    "object-manager-port": "ray-object-manager",
    "dashboard-agent-listen-port": "ray-agent",
    "dashboard-agent-grpc-port": "ray-agent-grpc",
    "runtime-env-agent-port": "ray-runtime-env",
    "metrics-export-port": "ray-metrics",
    "ray-client-server-port": "ray-client",
}


def accelerators() -> dict[str, int]:
    """How many cards of which model this node pretends to hold; the demo city sells just these."""
    return json.loads(os.environ.get("RAY_ACCELERATORS", "null")) or EMBEDDED_RAY


def service(state: State) -> tuple[Service, str]:
    """The cluster and the address of its jobs interface, both on loopback only."""
    ports = {option: state.port(name) for option, name in PORTS.items()}
    address = f"http://{LOOPBACK}:{ports['dashboard-port']}"
    argv = [
        *(str(Path(sys.executable).parent / "ray"), "start", "--head", "--block"),
        *(f"--node-ip-address={LOOPBACK}", f"--dashboard-host={LOOPBACK}"),
        *(f"--{option}={port}" for option, port in ports.items()),
        f"--resources={json.dumps(accelerators())}",
        *("--num-cpus=2", "--num-gpus=0", "--object-store-memory=100000000", "--include-log-monitor=false"),
        f"--temp-dir={state.temporary}",
        *("--disable-usage-stats", "--log-style=record", "--log-color=false"),
    ]
    env = {
        # Without this Ray replaces loopback by an address that the whole network reaches.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
    }

    was_up = Event()

    def ask(path: str) -> httpx.Response:
        return httpx.get(f"{address}/{path}", timeout=2, trust_env=False)

    def ready() -> bool:
        # The dashboard answers before the node is up; when a busy machine makes it wait too long, Ray ends both.
        # Once it was up, a pulse is enough: the list of nodes may take seconds while jobs are running.
        try:
            if was_up.is_set():
                return ask("api/version").is_success
            nodes = ask("nodes?view=summary").json()["data"]["summary"]
        except (httpx.HTTPError, ValueError, KeyError):
            return False
        if any(node.get("raylet", {}).get("state") == "ALIVE" for node in nodes):
            was_up.set()
        return was_up.is_set()

    def before() -> None:
        was_up.clear()
        own_folder(state.temporary)

    return Service("ray", argv, ready, env=env, stop_seconds=6, before=before), address
