"""One product, one order for every server and every step of the road, and a SIGKILL in the middle of each."""

import time
from dataclasses import dataclass, field

from tests.resilience.product import Later, Product, wait_for

PLAN = {"plan": "telecom-ascend910b", "project": "PJ-LUDAO-LAB", "cards": 8, "hours": "0.05"}
RAY_PLAN = PLAN | {"plan": "siming-rtx4090", "cards": 8}
SLEEPER = (
    "import sys, time; print('begun', time.time()); time.sleep(int(sys.argv[1])); print('over', time.time())"
)

# The servers that matter at each step, and the steps in the order in which they are struck. The steps at which writers
# are made to wait come first: what a struck worker left half done comes due again, and would wait at the same place.
STRIKES = {
    "billing": ["redis", "postgres", "worker"],
    "ending": ["redis", "postgres", "worker"],
    "submitting to ray": ["worker"],
    "submitting": ["web", "redis", "postgres", "worker"],
    "sending": ["web", "redis", "postgres", "worker"],
    "placed": ["web", "beat", "redis", "postgres", "worker"],
    "running on ray": ["postgres"],
    "running": ["web", "beat", "redis", "postgres", "worker"],
    "cancelling": ["web", "postgres", "worker"],
    "alone on ray": ["ray"],
    "waiting for ray": ["ray"],
}
CELLS = [(victim, step) for step, victims in STRIKES.items() for victim in victims]
CLOSERS = ["web", "redis", "postgres"]
BEGUN = [("confirmed", "accepted"), ("confirmed", "running"), ("running", "running")]
OVER = [("confirmed", "succeeded"), ("running", "succeeded")]
OPEN = ("awaiting_approval", "confirmed", "running")


@dataclass
class Cell:
    """One order and the blow it was dealt."""

    victim: str
    step: str
    codes: set[str] = field(default_factory=set)
    moment: tuple = ()
    failure: str = ""

    @property
    def key(self) -> str:
        return f"{self.victim}-{self.step}".replace(" ", "-")


class Campaign:
    """Every blow in its turn; what became of the orders is asked at the end."""

    def __init__(self, product: Product):
        self.product = product
        self.cells = {cell: Cell(*cell) for cell in CELLS}
        self.ray_jobs = []

    def run(self):
        self.product.key_of("bob"), self.product.key_of("finance")
        for (_victim, step), cell in self.cells.items():
            if step not in ("alone on ray", "waiting for ray"):
                self._carry_out(cell)
        self.settle()
        self.product.note("books closed")
        self.ray_jobs += self.product.ray_jobs()
        self.strike_ray()
        self.product.note("ray struck")
        wait_for("every order is closed", lambda: not self.open_orders(), 300, every=0.5)
        self.ray_jobs += self.product.ray_jobs()
        self.product.note("every order is closed")

    def _carry_out(self, cell):
        assert self.product.supervisor.poll() is None, "the supervisor itself is gone"
        began = time.monotonic()
        deed = getattr(self, cell.step.replace(" ", "_"))
        try:
            deed(cell)
        except Exception as failure:
            # The other blows still tell something; this cell's test shows what went wrong.
            cell.failure = f"{type(failure).__name__}: {failure}"
        self.product.note(f"{cell.key}: {time.monotonic() - began:.1f} s {cell.moment} {cell.failure}")

    # --- words and rows --------------------------------------------------------------------------
    def place(self, cell, seconds=2, body=PLAN):
        answer = self.order(cell, seconds, body)
        assert answer.status_code in (200, 201), answer.text
        cell.codes.add(answer.json()["code"])

    def place_when_it_can_be(self, cell, seconds, body):
        """As the refusal says: where the cluster's silence has been noticed, later."""
        refused = "nowhere_to_run"
        wait_for("the cluster is back", lambda: refused not in self.order(cell, seconds, body).text, every=1)
        self.place(cell, seconds, body)

    def order(self, cell, seconds, body):
        is_real = body is RAY_PLAN
        command = f"python work.py {seconds}" if is_real else f"PORTAL_SIMULATE='seconds={seconds}' ./run"
        body = body | {"command": command, "name": cell.key}
        if is_real:
            body["files"] = [{"path": "work.py", "content": SLEEPER}]
        return self.product.ask("POST", "orders/", body=body, **{"idempotency-key": cell.key})

    def state(self, cell) -> tuple:
        """(order's status, workload's status); empty while there is no such order."""
        found = self.product.rows(
            """SELECT o.status, w.status FROM marketplace_order o
                 JOIN scheduler_workload w ON w.order_code = o.code WHERE o.idempotency_key = %s""",
            cell.key,
        )
        return found[0] if found else ()

    def open_orders(self):
        return self.product.rows("SELECT code, name, status FROM marketplace_order WHERE status IN %s", OPEN)

    def strike(self, cell):
        cell.moment = self.state(cell)
        return cell.victim, self.product.kill(cell.victim)

    def until(self, cell, *wanted, every=0.05, seconds=60):
        wait_for(f"{cell.key} is {wanted}", lambda: self.state(cell) in wanted, seconds, every)

    # --- the steps -------------------------------------------------------------------------------
    def sending(self, cell):
        """The order is half written; nobody has promised anything yet."""
        with self.product.stretched("marketplace_order") as somebody_waits:
            caller = Later(lambda: self.place(cell))
            somebody_waits()
            struck = self.strike(cell)
        caller.result()
        self.product.recovered(*struck)

    def placed(self, cell):
        """The order is written; its buyer has not heard."""
        caller = Later(lambda: self.place(cell))
        wait_for("the order is written", lambda: caller.said() or self.state(cell), every=0.001)
        struck = self.strike(cell)
        caller.result()
        self.product.recovered(*struck)

    def submitting(self, cell):
        """The cluster is just being told."""
        with self.product.stretched("federation_simulatedjob") as somebody_waits:
            caller = Later(lambda: self.place(cell))
            self.until(cell, ("confirmed", "submitting"))
            somebody_waits()
            struck = self.strike(cell)
        caller.result()
        self.product.recovered(*struck)

    def submitting_to_ray(self, cell):
        with self.product.speechless_ray():
            caller = Later(lambda: self.place(cell, 5, RAY_PLAN))
            self.until(cell, ("confirmed", "submitting"))
            struck = self.strike(cell)
        caller.result()
        self.product.recovered(*struck)

    def running(self, cell):
        """All of these run while one server after the other is struck."""
        if not cell.codes:
            for other in (self.cells[victim, cell.step] for victim in STRIKES[cell.step]):
                self.place(other, 50)
        self.until(cell, ("running", "running"))
        self.product.recovered(*self.strike(cell))

    def running_on_ray(self, cell):
        self.place(cell, 10, RAY_PLAN)
        self.until(cell, ("running", "running"))
        self.product.recovered(*self.strike(cell))

    def cancelling(self, cell):
        """The buyer has said stop; the cluster has not heard."""
        if not cell.codes:
            for other in (self.cells[victim, cell.step] for victim in STRIKES[cell.step]):
                self.place(other, 150)
        self.until(cell, ("running", "running"))
        caller = Later(lambda: self.product.ask("POST", f"orders/{min(cell.codes)}/cancel/"))
        self.until(cell, ("running", "cancelling"), every=0.001)
        struck = self.strike(cell)
        assert caller.result().status_code in (200, 202)
        self.product.recovered(*struck)

    def ending(self, cell):
        """The job is over and its meter is just being read."""
        self.place(cell, 1)
        self.until(cell, *BEGUN)
        with self.product.stretched("federation_usagerecord") as somebody_waits:
            somebody_waits()
            struck = self.strike(cell)
        self.product.recovered(*struck)

    def billing(self, cell):
        """The bill is half written."""
        wait_for("no other bill is due", lambda: not self.open_orders())
        self.place(cell, 1)
        self.until(cell, *BEGUN)
        with self.product.stretched("marketplace_billline") as somebody_waits:
            somebody_waits()
            self.until(cell, *OVER)
            struck = self.strike(cell)
        self.product.recovered(*struck)

    # --- Ray itself ------------------------------------------------------------------------------
    def strike_ray(self):
        """One order loses its cluster in mid-run; the next is placed at once, most often before anybody has noticed."""
        alone, waiting = self.cells["ray", "alone on ray"], self.cells["ray", "waiting for ray"]
        self.place(alone, 100, RAY_PLAN)
        self.until(alone, ("running", "running"))
        struck = self.strike(alone)
        self.place_when_it_can_be(waiting, 5, RAY_PLAN)
        waiting.moment = self.state(waiting)
        self.product.recovered(*struck)

    # --- the month's close -----------------------------------------------------------------------
    def settle(self):
        """Close the books once per victim, each time up to a later watermark, and strike in the middle."""
        wait_for("there are bills to settle", lambda: len(self._billed()) >= 2 * len(CLOSERS), 60, every=0.5)
        times = self._billed()
        for part, victim in enumerate(CLOSERS, 1):
            until = times[part * len(times) // len(CLOSERS) - 1].isoformat()
            with self.product.stretched("marketplace_statementline") as somebody_waits:
                caller = Later(lambda until=until: self.close_books(until))
                somebody_waits()
                pid = self.product.kill(victim)
            assert caller.result().status_code == 201
            self.product.recovered(victim, pid)

    def close_books(self, until=None):
        body = {"until": until} if until else {}
        return self.product.ask("POST", "statements/", by="finance", body=body)

    def _billed(self):
        return [row[0] for row in self.product.rows(
            "SELECT DISTINCT billed_at + interval '1 ms' FROM marketplace_billline WHERE gross > 0 ORDER BY 1"
        )]  # fmt: skip
