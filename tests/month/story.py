"""The month itself: rushes of orders, the post and the sweeps after each, bank and provider held against the books every day."""

import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

from django.db.models import Count, Sum
from django.utils import timezone

from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from marketplace.bank import actions as bank_files
from marketplace.bank import queries as bank
from marketplace.bank.models import BankLine
from marketplace.billing.tasks import issue_monthly_bills
from marketplace.funding.models import FundingHold
from marketplace.ledger.models import Journal
from marketplace.orders.models import Order
from marketplace.orders.tasks import follow_approvals
from marketplace.payments import actions as payments
from marketplace.payments import refunds
from marketplace.payments.models import BankReceipt, Difference, Payment, Refund
from marketplace.payouts import actions as payouts
from marketplace.payouts.models import Payout
from marketplace.settlement import actions as settlement
from marketplace.settlement import queries as books
from portal.organizations.models import Organization
from tests.month import heartbeat
from tests.month.bank import Bank
from tests.month.breaks import PAYOUT, AtTheBank, AtTheProvider, Name, plan
from tests.month.buyers import Buyers
from tests.peers.stripe import Chaos

# October, in a city eight hours ahead.
START = datetime(2026, 9, 30, 16, 0, tzinfo=UTC)
DAYS = 31


class Month:
    """Some orders on some days; what went wrong, and what the city found of it."""

    def __init__(self, peer, clock, *, seed, orders, breaks, days=DAYS, rushes=4):
        self.chance, self.peer, self.clock, self.orders = Random(seed), peer, clock, orders
        self.days, self.rushes = days, rushes
        self.buyers, self.bank = Buyers(self.chance, clock), Bank()
        self.provider_fails = AtTheProvider(self.chance, peer)
        self.bank_fails = AtTheBank(self.chance, self.bank, self.buyers, clock)
        self.plan = plan(breaks, days - 1, self.chance)
        self.names: list[Name] = []
        self.seeded = 0
        self.placed = 0
        self.met: set[str] = set()
        self.seconds: Counter[str] = Counter()
        peer.clock = lambda: clock().timestamp()
        peer.carry = lambda body, header: (
            200 if payments.hear(body=body, signature=header, at=clock()) else 400
        )

    @contextmanager
    def phase(self, name):
        began = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - began

    def live(self):
        later = START + timedelta(days=90)
        # Nobody looks at the clusters here; what was seen last is believed until the end.
        Cluster.objects.update(last_seen_at=later)
        Pool.objects.update(observed_at=later)
        self.buyers.get_credit(later)
        for receipt in BankReceipt.objects.order_by("id"):
            self.bank.move(receipt.amount, receipt.organization.name, "", reference=receipt.bank_reference)
        waiting = []
        for day in range(self.days):
            morning = START + timedelta(days=day * DAYS // self.days)
            for rush in range(self.rushes):
                self.clock.at = morning + timedelta(hours=1 + 20 * rush / self.rushes)
                self.live_through(self.share_of(day * self.rushes + rush))
            waiting = self.end_day(waiting + self.plan.get(day, []))
        if waiting:
            raise RuntimeError(f"accidents that nothing could happen to: {waiting}")
        self.settle()

    def share_of(self, rush) -> int:
        whole = self.days * self.rushes
        return self.orders * (rush + 1) // whole - self.orders * rush // whole

    # --- an hour -------------------------------------------------------------------------------------------
    def live_through(self, count):
        with self.phase("orders"):
            placed = []
            for _order in range(count):
                self.clock.pass_by(seconds=self.chance.randint(1, 2 * 900 // max(1, count)))
                placed.append(self.buyers.order(self.placed))
                self.placed += 1
            self.buyers.decide()
            heartbeat.hear_second_persons()
        with self.phase("payments"):
            heartbeat.take_money()
            self.meet_payers()
            self.peer.deliver(Chaos(self.chance.getrandbits(32)))
            self.clock.pass_by(minutes=1)
            heartbeat.take_money()
        with self.phase("work"):
            heartbeat.begin_work()
            self.clock.pass_by(minutes=self.chance.randint(1, 20))
            self.buyers.change_minds(placed)
            self.clock.pass_by(minutes=20)
            for _look in range(2):
                heartbeat.look_at_work()
                self.clock.pass_by(minutes=2)
        with self.phase("bills"):
            heartbeat.bill()
        with self.phase("payments"):
            self.peer.resend_lost()
            self.peer.deliver()
            heartbeat.take_money()
            self.send_refunds()

    def meet_payers(self):
        """Most payers pay, some give up, some never come; a transfer leaves for the bank."""
        rows = (
            Payment.objects.filter(status=Payment.Status.OPEN).select_related("organization").order_by("id")
        )
        for payment in rows.exclude(code__in=self.met):
            self.met.add(payment.code)
            luck = self.chance.random()
            if luck < 0.9 and payment.is_online:
                self.peer.pay(payment.provider_id)
            elif luck < 0.9:
                firm = payment.organization
                self.bank.move(payment.amount, firm.name, f"付款 {payment.code}", account="3502000012345678")
            elif luck < 0.94 and payment.method in ("alipay", "wechat_pay"):
                self.peer.decline(payment.provider_id)

    def send_refunds(self):
        """A wallet answers later, and sometimes with no."""
        for refund in Refund.objects.filter(status=Refund.Status.SENT).exclude(provider_id="").order_by("id"):
            if self.peer.rows["refund"][refund.provider_id]["status"] == "pending":
                self.peer.finish_refund(refund.provider_id, fails=self.chance.random() < 0.1)
        for refund in Refund.objects.filter(status=Refund.Status.DUE).exclude(failure="").order_by("id"):
            refunds.send_again(refund_id=refund.id, by=self.buyers.people["finance"], at=self.clock())
        self.peer.deliver()
        heartbeat.take_money()
        heartbeat.bill()

    # --- a day -----------------------------------------------------------------------------------------------
    def end_day(self, accidents):
        """What goes wrong today, then the provider's account and the bank's file; accidents that found nothing wait."""
        with self.phase("payments"):
            for _top_up in range(4):
                self.buyers.top_up()
            self.buyers.get_voucher()
            self.buyers.ask_back()
            self.buyers.decide()
            heartbeat.hear_second_persons()
            heartbeat.take_money()
            self.meet_payers()
            self.peer.deliver()
            heartbeat.take_money()
            heartbeat.bill()
            self.send_refunds()
            self.pay_refunds_by_bank()
        waiting = [accident for accident in accidents if not self.go_wrong(*accident)]
        with self.phase("reconciliation"):
            self.clock.pass_by(minutes=5)
            self.reconcile()
            self.provider_fails.close_day()
        return waiting

    def go_wrong(self, where, sort) -> bool:
        if sort == PAYOUT:
            names = self.pay_out(short=self.chance.randint(1, 500))
        elif where == "account":
            self.provider_fails.look()
            names = self.provider_fails.do(sort)
        else:
            names = self.bank_fails.do(sort)
            self.met |= set(Payment.objects.filter(method="transfer").values_list("code", flat=True))
        if names is None:
            return False
        self.seeded += 1
        self.names += names
        return True

    def pay_out(self, short=0) -> list[Name] | None:
        """The provider pays out what it has; what arrives may be less."""
        payout = self.peer.pay_out()
        if payout is None:
            return None
        line = self.bank.move(payout["amount"] - short, "STRIPE PAYMENTS", "PAYOUT")
        return [("bank", "no_payout", line), ("account", "not_arrived", payout["id"])]

    def pay_refunds_by_bank(self):
        """What came by transfer and was not used leaves with a batch that two persons signed."""
        platform = Organization.objects.get(code="PL-INFO")
        try:
            payouts.propose_batch(organization=platform, by=self.buyers.people["finance"], at=self.clock())
        except payouts.NothingToPay:
            return
        self.buyers.decide()
        heartbeat.hear_second_persons()
        for payout in Payout.objects.filter(status=Payout.Status.ORDERED).order_by("id"):
            self.bank.move(-payout.amount, payout.organization.name, f"退款 {payout.code}")

    def reconcile(self):
        self.pay_out()
        if self.bank.lines:
            day = timezone.localdate(self.clock())
            bank_files.take_file(
                name=f"{day}.csv", content=self.bank.statement(day), by=self.buyers.people["finance"], at=self.clock()
            )  # fmt: skip
        heartbeat.reconcile()

    # --- the end -----------------------------------------------------------------------------------------------
    def settle(self):
        """The month is over: waiting times pass, bills are written, providers and treasury are settled with."""
        for days in (1, 8):
            self.clock.at = START + timedelta(days=DAYS + days, hours=12)
            follow_approvals()
            heartbeat.take_money()
            heartbeat.begin_work()
            heartbeat.look_at_work()
            heartbeat.bill()
            self.send_refunds()
            with self.phase("reconciliation"):
                self.reconcile()
        with self.phase("bills"):
            issue_monthly_bills()
            settlement.close(until=self.clock(), by=None, at=self.clock())

    # --- what came of it -----------------------------------------------------------------------------------------
    def found(self) -> list[Name]:
        """Everything that the city finds wrong with bank and provider."""
        differences = Difference.objects.open().values_list("kind", "about")
        lines = BankLine.objects.waiting().values_list("finding", "bank_reference")
        return [
            *(("account", kind, about) for kind, about in differences),
            *(("bank", finding, reference) for finding, reference in lines),
            *(("receipt", "unconfirmed", receipt.code) for receipt in bank.unconfirmed()),
        ]

    def missed(self) -> list[Name]:
        return sorted((Counter(self.names) - Counter(self.found())).elements())

    def false_alarms(self) -> list[Name]:
        return sorted((Counter(self.found()) - Counter(self.names)).elements())

    def wrong_in_the_books(self) -> list[str]:
        """What the books say against each other, and what was left hanging."""
        left = (
            Order.objects.open()
            .filter(placed_at__lt=START + timedelta(days=DAYS))
            .values_list("code", "status")
        )
        return [*books.breaks(), *(f"order {code} is still {status}" for code, status in left)]

    def outcomes(self) -> dict[str, int]:
        rows = Order.objects.order_by().values_list("status").annotate(n=Count("id"))
        return dict(rows.order_by("-n"))

    def sources(self) -> dict[str, tuple[int, int, int]]:
        """Of each source: orders it pays a part of, fen held, fen paid in the end."""
        rows = FundingHold.objects.order_by().values_list("source")
        facts = rows.annotate(n=Count("order_code", distinct=True), held=Sum("amount"), paid=Sum("captured"))
        return {source: (n, held, paid) for source, n, held, paid in facts.order_by("-n")}

    def moved(self) -> tuple[int, int]:
        """Journals, and fen on their debit sides."""
        debit = Journal.objects.filter(entries__amount__gt=0)
        return Journal.objects.count(), debit.aggregate(sum=Sum("entries__amount"))["sum"]
