"""One worker of the city, which does whatever comes to mind."""

import random
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

MOST_OPEN = 80
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
