"""A thousand random orders by workers that are killed at random moments: do the books hold, and what do the kills cost?

The tasks and actions are the product's own; only their clock runs faster, so that hours of jobs pass in minutes.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import timedelta

from config.embedded import processes
from config.embedded.throwaway import Throwaway
from tests.bench.house import prepare
from tests.bench.worker import Worker

SPEED = 300
PATIENCE = 900


def fast_clock(began_at, began):
    """The product's clock, SPEED times as fast as ours."""
    return lambda: began_at + timedelta(seconds=(time.monotonic() - began) * SPEED)


def die_with_parent(number):
    """No worker outlives the run that started it."""
    if processes.libc:
        processes.libc.prctl(processes.PR_SET_PDEATHSIG, int(number))


# --- those who start and kill them -----------------------------------------------------------------
class Crew:
    """Worker processes, each replaced when it is gone."""

    def __init__(self, seed, orders, count):
        self.seed, self.orders = seed, orders
        self.lives = Counter()
        self.pids = {}
        for number in range(count):
            self.start(number)

    def start(self, number):
        from django.db import connections

        connections.close_all()
        self.lives[number] += 1
        pid = os.fork()
        if pid:
            self.pids[pid] = number
            return
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_with_parent(signal.SIGKILL)
            Worker(self.seed, number, self.lives[number], self.orders).work()
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def kill(self, pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return self.pids.pop(pid)

    def replace(self, chance):
        """Kill one of them wherever it stands, and put another in its place."""
        self.start(self.kill(chance.choice(sorted(self.pids))))

    def bury(self) -> int:
        """Replace those who died by themselves; none should."""
        deaths = 0
        while self.pids:
            pid, _status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            deaths += 1
            self.start(self.pids.pop(pid))
        return deaths

    def end(self):
        for pid in list(self.pids):
            self.kill(pid)


def rows(sql, *values):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        answer = cursor.fetchall()
    connection.close()
    return answer


def count_closed():
    return rows("""SELECT count(*) FROM marketplace_order
                    WHERE status NOT IN ('awaiting_approval', 'confirmed', 'running')""")[0][0]  # fmt: skip


def run(seed, orders, workers, kill_every):
    """(seconds, kills, deaths nobody ordered, is everything closed)."""
    chance = random.Random(f"{seed}:executioner")
    crew, kills, deaths = Crew(seed, orders, workers), 0, 0
    began, next_kill = time.monotonic(), time.monotonic()
    try:
        while (closed := count_closed()) < orders and time.monotonic() - began < PATIENCE:
            time.sleep(0.1)
            deaths += crew.bury()
            if kill_every and time.monotonic() >= next_kill:
                crew.replace(chance)
                kills += 1
                next_kill = time.monotonic() + chance.uniform(0, 2 * kill_every)
    finally:
        crew.end()
    return time.monotonic() - began, kills, deaths, closed == orders


def verdict(orders) -> list[str]:
    """Everything that is wrong."""
    from django.db import connection

    from marketplace.settlement import queries as books
    from portal.audit import actions as audit
    from portal.audit import queries as record

    while audit.seal():
        pass
    wrong = [*books.breaks(), *(f"audit: {found}" for found in record.breaks())]
    connection.close()
    for what, sql, expected in (
        ("orders", "SELECT count(*) FROM marketplace_order", orders),
        ("open orders", "SELECT count(*) FROM marketplace_order WHERE closed_at IS NULL", 0),
        ("negative purses", "SELECT count(*) FROM marketplace_account WHERE is_bounded AND balance < 0", 0),
        ("cards still promised", "SELECT coalesce(sum(cards_held), 0) FROM federation_pool", 0),
        ("open promises of cards", "SELECT count(*) FROM federation_hold WHERE state <> 'released'", 0),
        ("money still set aside", "SELECT sum(amount - captured - released) FROM marketplace_fundinghold", 0),
        ("workloads that never ended", """SELECT count(*) FROM scheduler_workload
            WHERE status NOT IN ('succeeded', 'failed', 'cancelled', 'lost')""", 0),
        ("deadlocks", "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()", 0),
        ("orders billed twice", """SELECT count(*) FROM (SELECT order_id FROM marketplace_billline
            GROUP BY order_id HAVING count(*) > 1) twice""", 0),
        ("work measured twice", """SELECT count(*) FROM (SELECT workload_code FROM federation_usagerecord
            GROUP BY workload_code HAVING count(*) > 1) twice""", 0),
        ("jobs run twice", """SELECT count(*) FROM (SELECT split_part(key, '.', 2) FROM federation_simulatedjob
            GROUP BY 1 HAVING count(*) > 1) twice""", 0),
    ):  # fmt: skip
        found = rows(sql)[0][0]
        if found != expected:
            wrong.append(f"{what}: {found} instead of {expected}")
    return wrong


def outcomes() -> str:
    return ", ".join(f"{status} {count}" for status, count in rows(
        "SELECT status, count(*) FROM marketplace_order GROUP BY 1 ORDER BY 2 DESC"
    ))  # fmt: skip


def measure(seed, orders, workers, kill_every):
    """One run in a process and a database of its own; the exit code says whether the books hold."""
    with Throwaway() as servers:
        os.environ.update(prepare(servers))
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        from django.utils import timezone

        timezone.now = fast_clock(timezone.now(), time.monotonic())
        import django

        django.setup()
        from federation.capacity.models import Pool
        from federation.clusters.models import Cluster
        from portal.shell.tenancy import work_for_the_city

        work_for_the_city()
        later = timezone.now() + timedelta(days=30)
        # Nobody looks at the clusters here; what was seen last is believed until the end.
        Cluster.objects.update(state=Cluster.State.ONLINE, last_seen_at=later)
        Pool.objects.update(observed_at=later)
        seconds, kills, deaths, is_over = run(seed, orders, workers, kill_every)
        wrong = verdict(orders) + ([] if is_over else [f"not everything was closed in {PATIENCE} s"])
        print(
            f"  {workers} workers: {orders} orders, {kills} kills, {seconds:.1f} s, {orders / seconds:.1f} orders/s"
        )
        print(f"    {outcomes()}; workers that died by themselves: {deaths}")
        for line in wrong[:40]:
            print(f"    WRONG {line}")
        print(f"    {len(wrong)} disagreements", flush=True)
        return seconds, bool(wrong) or bool(deaths)


def in_a_process_of_its_own(*arguments) -> tuple[float, bool]:
    """Settings, clock and database belong to one run."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        code = 2
        try:
            die_with_parent(signal.SIGTERM)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(code))
            seconds, is_wrong = measure(*arguments)
            os.write(writer, str(seconds).encode())
            code = int(is_wrong)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    _pid, status = os.waitpid(pid, 0)
    os.close(writer)
    seconds = float(os.read(reader, 64) or 0)
    os.close(reader)
    return seconds, status != 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-every", type=float, default=0.5, help="seconds between kills, on average")
    wanted = parser.parse_args()
    print(f"{wanted.orders} random orders, seed {wanted.seed}")
    killed, is_wrong = in_a_process_of_its_own(wanted.seed, wanted.orders, wanted.workers, wanted.kill_every)
    calm, is_wrong_too = in_a_process_of_its_own(wanted.seed, wanted.orders, 1, 0)
    if calm:
        print(
            f"  killed and restarted at random, it took {killed / calm:.2f} times as long as one calm process"
        )
    return int(is_wrong or is_wrong_too)


if __name__ == "__main__":
    sys.exit(main())
