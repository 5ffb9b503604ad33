"""A thousand random orders by workers that are killed at random moments: do the books hold, and what do the kills cost?

The tasks and actions are the product's own; only their clock runs faster, so that hours of jobs pass in minutes.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from config.embedded import processes
from config.embedded.postgres import APPLICATION, OWNER
from config.embedded.steps import ROOT
from config.embedded.throwaway import Throwaway

SPEED = 300
MOST_OPEN = 80
PATIENCE = 900
FIRMS = {
    "EN-LUDAO": ("bob", "fiona", ["PJ-LUDAO-MODEL", "PJ-LUDAO-LAB"]),
    "EN-YUNDING": ("charlie", None, ["PJ-YUNDING"]),
    "EN-WUYUAN": ("wendy", None, ["PJ-WUYUAN"]),
    "EN-JIGENG": ("jian", None, ["PJ-JIGENG"]),
}
DEEDS = {
    "place": 60,
    "submit": 10,
    "observe": 10,
    "follow": 8,
    "bill": 10,
    "stop": 6,
    "decide": 8,
    "cancel": 3,
    "forget": 1,
    "close_books": 1,
    "expire": 1,
    "give": 1,
    "seal": 1,
}


def fast_clock(began_at, began):
    """The product's clock, SPEED times as fast as ours."""
    return lambda: began_at + timedelta(seconds=(time.monotonic() - began) * SPEED)


# --- one worker ------------------------------------------------------------------------------------
class Worker:
    """Does whatever comes to mind, again and again; every deed is one of the product's own."""

    def __init__(self, seed, number, life, orders):
        self.seed, self.orders = seed, orders
        self.chance = random.Random(f"{seed}:{number}:{life}")

    def work(self):
        deeds, weights = list(DEEDS), list(DEEDS.values())
        while True:
            deed = self.chance.choices(deeds, weights)[0]
            self.attempt(getattr(self, deed))

    def attempt(self, deed):
        from portal.shell.exceptions import Refusal

        with suppress(Refusal):
            deed()

    # --- buyers ----------------------------------------------------------------------------------
    def place(self):
        from marketplace.orders.models import Order

        is_replay = self.chance.random() < 0.1
        if not is_replay and Order.objects.open().count() >= MOST_OPEN:
            return
        known = {int(key) for key in Order.objects.values_list("idempotency_key", flat=True)}
        pick = sorted(known) if is_replay else [n for n in range(self.orders) if n not in known][:20]
        if pick:
            self.place_number(self.chance.choice(pick))

    def place_number(self, number):
        """Order `number` is the same wish whoever places it; refused, it shrinks until it fits."""
        from django.utils import timezone

        from marketplace.orders import placing, refusals
        from portal.accounts.models import User
        from portal.organizations.models import Organization
        from portal.shell.exceptions import Refusal

        chance = random.Random(f"{self.seed}/{number}")
        code = chance.choice(list(FIRMS))
        buyer, _approver, projects = FIRMS[code]
        organization, by = Organization.objects.get(code=code), User.objects.get(username=buyer)
        wishes = [
            (chance.choice(projects), self._vouchers(chance, organization), chance.choice([1, 2, 4, 8, 8, 16, 32]),
             chance.choice(["0.05", "0.5", "1", "6", "24"])),
            (projects[0], None, chance.choice([1, 2, 4]), "0.25"),
            (projects[0], frozenset(), 1, "0.05"),
        ]  # fmt: skip
        plans = self._plans(chance)
        command = self._command(chance)
        for (project, vouchers, cards, hours), plan in zip(wishes, plans):
            try:
                placing.place(
                    organization=organization,
                    request=placing.Request(
                        plan=plan,
                        project=organization.projects.get(code=project),
                        name=str(number),
                        cards=cards,
                        hours=Decimal(hours),
                        command=command,
                        files=(("train.py", b"print(1)"),) if chance.random() < 0.2 else (),
                        vouchers=vouchers,
                    ),
                    idempotency_key=str(number),
                    by=by,
                    at=timezone.now(),
                )
                return
            except refusals.KeyReused:
                return
            except Refusal:
                continue

    def _plans(self, chance):
        from marketplace.catalogue.models import Plan

        plans = list(
            Plan.objects.on_shelf()
            .exclude(provider__code="siming")
            .select_related("provider", "accelerator")
            .order_by("code")
        )
        return chance.sample(plans, 3)

    def _vouchers(self, chance, organization):
        from subsidies.vouchers.models import Voucher

        if chance.random() < 0.6:
            return None
        codes = list(Voucher.objects.filter(organization=organization).values_list("code", flat=True))
        return frozenset(chance.sample(sorted(codes), min(len(codes), chance.choice([0, 1, 2]))))

    def _command(self, chance):
        seconds = chance.choice([1, 30, 120, 300, 900, 1500])
        return f"PORTAL_SIMULATE='seconds={seconds} exit={chance.choice([0, 0, 0, 1, 137])}' ./run"

    def decide(self):
        from django.utils import timezone

        from marketplace.orders import actions as orders
        from marketplace.orders.models import Order
        from marketplace.orders.tasks import follow_approvals
        from portal.accounts.models import User
        from portal.approvals import actions as approvals
        from portal.approvals.models import Approval

        for approval in Approval.objects.filter(status=Approval.Status.PENDING).select_related(
            "organization"
        ):
            choice = self.chance.random()
            approver = FIRMS[approval.organization.code][1]
            if choice < 0.5 and approver:
                approvals.decide(
                    approval_id=approval.id,
                    approve=choice < 0.35,
                    reason="-",
                    by=User.objects.get(username=approver),
                    at=timezone.now(),
                )
            elif choice > 0.8:
                order = Order.objects.get(code=approval.subject_code)
                orders.expire(order_id=order.id, at=timezone.now())
        follow_approvals()

    def cancel(self):
        from django.utils import timezone

        from marketplace.orders import actions as orders
        from marketplace.orders.models import Order

        order = Order.objects.open().order_by("?").first()
        if order:
            orders.cancel(order_id=order.id, by=order.placed_by, at=timezone.now())

    # --- the house's own heartbeat ---------------------------------------------------------------
    def submit(self):
        from scheduler.dispatch.tasks import submit_queued_workloads

        submit_queued_workloads()

    def observe(self):
        from scheduler.dispatch.tasks import observe_open_workloads

        observe_open_workloads()

    def stop(self):
        from scheduler.dispatch.tasks import cancel_requested_workloads

        cancel_requested_workloads()

    def follow(self):
        from marketplace.orders.tasks import follow_workloads

        follow_workloads()

    def bill(self):
        from marketplace.billing.tasks import bill_finished_orders

        bill_finished_orders()

    def expire(self):
        from subsidies.vouchers.tasks import expire_vouchers

        expire_vouchers()

    def seal(self):
        from portal.audit.tasks import seal_audit_events

        seal_audit_events()

    # --- rarer things ----------------------------------------------------------------------------
    def forget(self):
        """A cluster loses a job altogether."""
        from federation.adapters.models import SimulatedJob

        running = SimulatedJob.objects.filter(key__in=self._running_keys()).order_by("?").first()
        if running:
            running.delete()

    def _running_keys(self):
        from scheduler.workloads.models import Workload

        rows = Workload.objects.filter(status=Workload.Status.RUNNING).select_related("pool__cluster")
        return [workload.key for workload in rows]

    def close_books(self):
        from django.utils import timezone

        from marketplace.settlement import actions as settlement
        from portal.accounts.models import User

        now = timezone.now()
        until = now - timedelta(minutes=self.chance.randrange(120))
        settlement.close(until=until, by=User.objects.get(username="finance"), at=now)

    def give(self):
        """A short-lived voucher and a bank transfer, each under a key that is used again and again."""
        from django.utils import timezone

        from marketplace.payments.actions import record_bank_receipt
        from portal.accounts.models import User
        from portal.organizations.models import Organization
        from subsidies.budgets.models import Programme
        from subsidies.vouchers import actions as vouchers

        now, number = timezone.now(), self.chance.randrange(60)
        chance = random.Random(f"{self.seed}+{number}")
        organization = Organization.objects.get(code=chance.choice(list(FIRMS)))
        record_bank_receipt(
            organization=organization,
            bank_reference=f"BENCH-{number}",
            amount=chance.randrange(1, 500_000),
            received_on=timezone.localdate(now),
            by=User.objects.get(username="finance"),
            at=now,
        )
        vouchers.issue(
            programme_id=Programme.objects.get(code="PG-CITY-2026").id,
            organization=organization,
            amount=chance.randrange(1, 30_000),
            expires_at=now + timedelta(minutes=chance.randrange(5, 120)),
            idempotency_key=f"bench-{number}",
            by=User.objects.get(username="officer"),
            at=now,
        )


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


def prepare(servers):
    """Tables as the owner, then everything as the application, which may not alter history."""
    env = os.environ | servers.env | {"LOG_LEVEL": "WARNING"}
    for name in ("DATABASE_OWNER_URL",):
        env.pop(name)
    owner, application = servers.postgres.url(OWNER), servers.postgres.url(APPLICATION)
    for command, url in (("migrate", owner), ("grant_app_role", owner), ("load_demo_city", application)):
        subprocess.run(
            [sys.executable, "manage.py", command, "-v0"],
            cwd=ROOT, env=env | {"DATABASE_URL": url}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return env | {"DATABASE_URL": application}


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
