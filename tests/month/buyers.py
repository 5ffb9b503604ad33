"""Firms that order whatever comes to mind, pay it in any of their ways, and change their minds."""

from collections import Counter
from decimal import Decimal

from marketplace.billing import refunds as bill_refunds
from marketplace.billing.models import BillLine
from marketplace.billing.queries import refundable
from marketplace.catalogue.models import Kind, Plan, Unit
from marketplace.funding import actions as funding
from marketplace.orders import actions as orders
from marketplace.orders import placing
from marketplace.orders.models import Order
from marketplace.payments import actions as payments
from marketplace.payments import refunds
from marketplace.payments.models import Payment
from marketplace.payments.queries import offered
from portal.accounts.models import User
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.organizations.models import Organization
from portal.shell.exceptions import Refusal
from subsidies.budgets.models import Programme
from subsidies.vouchers import actions as vouchers

FIRMS = {
    "EN-LUDAO": ("bob", ["PJ-LUDAO-MODEL", "PJ-LUDAO-LAB"]),
    "EN-YUNDING": ("charlie", ["PJ-YUNDING"]),
    "EN-WUYUAN": ("wendy", ["PJ-WUYUAN"]),
    "EN-JIGENG": ("jian", ["PJ-JIGENG"]),
}
WAYS = {
    None: 50,
    ("credit", "wallet"): 15,
    ("wallet", "credit", "alipay"): 15,
    ("alipay",): 4,
    ("wechat_pay",): 4,
    ("card",): 4,
    ("transfer",): 4,
    ("wallet", "transfer"): 4,
}
CREDIT = 5_000_000


class Buyers:
    def __init__(self, chance, clock):
        self.chance, self.clock = chance, clock
        self.firms = {code: Organization.objects.get(code=code) for code in FIRMS}
        self.people = {user.username: user for user in User.objects.all()}
        self.refused = Counter()
        on_shelf = (
            Plan.objects.on_shelf()
            # Its cards are real ones of this machine.
            .exclude(provider__code="siming")
            .select_related("provider", "accelerator")
            .order_by("code")
        )
        self.jobs = list(on_shelf.filter(kind=Kind.BATCH))
        self.reserved = list(on_shelf.filter(unit=Unit.CARD_DAY))

    def any_firm(self):
        return self.firms[self.chance.choice(list(FIRMS))]

    def get_credit(self, valid_until):
        """Two firms may owe until their bill is due."""
        for code in ("EN-LUDAO", "EN-YUNDING"):
            line = funding.propose_credit(
                organization=self.firms[code], contract="HT-1", limit=CREDIT, valid_until=valid_until,
                reason="年度框架合同", by=self.people["finance"], at=self.clock(),
            )  # fmt: skip
            funding.grant_credit(line_id=line.id, by=self.people["checker"], at=self.clock())

    # --- orders ----------------------------------------------------------------------------------------
    def order(self, number) -> Order:
        """What is refused shrinks until it fits."""
        while True:
            firm = self.any_firm()
            buyer, projects = FIRMS[firm.code]
            for wish in self._wishes(firm, projects):
                try:
                    return placing.place(
                        organization=firm, request=wish, idempotency_key=str(number),
                        by=self.people[buyer], at=self.clock(),
                    )[0]  # fmt: skip
                except Refusal as refusal:
                    self.refused[refusal.code] += 1

    def _wishes(self, firm, projects):
        chance = self.chance
        if self.reserved and chance.random() < 0.01:
            plan, days = chance.choice(self.reserved), chance.randint(1, 3)
            yield self._wish(firm, projects[0], plan, chance.choice([1, 2]), periods=days, ways=None)
        ways = chance.choices(list(WAYS), list(WAYS.values()))[0]
        cards, hours = chance.choice([1, 2, 4, 8]), chance.choice(["0.05", "0.5", "1", "3"])
        any_vouchers = None if chance.random() < 0.5 else frozenset()
        wish = {"hours": Decimal(hours), "ways": ways, "vouchers": any_vouchers}
        yield self._wish(firm, chance.choice(projects), chance.choice(self.jobs), cards, **wish)
        least = {"hours": Decimal("0.5"), "ways": ("transfer",), "vouchers": frozenset()}
        yield self._wish(firm, projects[0], chance.choice(self.jobs), 1, **least)

    def _wish(self, firm, project, plan, cards, **more):
        job = {} if "periods" in more else {"command": self._command()}
        return placing.Request(
            plan=plan, project=firm.projects.get(code=project), name="", cards=cards, **job, **more
        )

    def _command(self):
        seconds, end = self.chance.choice([1, 30, 300, 900, 3000]), self.chance.choice([0, 0, 0, 1, 137])
        return f"PORTAL_SIMULATE='seconds={seconds} exit={end}' ./run"

    def change_minds(self, placed):
        for order in placed:
            if self.chance.random() < 0.06:
                try:
                    orders.cancel(order_id=order.id, by=order.placed_by, at=self.clock())
                except orders.CannotCancel:
                    self.refused["cannot_cancel"] += 1

    # --- money -----------------------------------------------------------------------------------------
    def top_up(self, method=None, firm=None) -> Payment:
        method = method or self.chance.choice([*offered(), "transfer"])
        return payments.top_up(
            organization=firm or self.any_firm(), method=method, amount=self.chance.randint(500_000, 3_000_000),
            idempotency_key=f"{self.chance.getrandbits(64):x}", by=None, at=self.clock(),
        )  # fmt: skip

    def get_voucher(self):
        try:
            vouchers.issue(
                programme_id=Programme.objects.get(code="PG-CITY-2026").id,
                organization=self.any_firm(),
                amount=self.chance.randint(10_000, 200_000),
                expires_at=self.clock().replace(month=12),
                idempotency_key=f"{self.chance.getrandbits(64):x}",
                by=self.people["officer"],
                at=self.clock(),
            )
        except vouchers.CannotIssue:
            self.refused["no_voucher"] += 1

    def ask_back(self):
        """Finance gives part of a billed line back, and part of a top-up."""
        line = BillLine.objects.filter(kind="usage", gross__gt=1).order_by("-id").first()
        asked = {"reason": "服务中断", "by": self.people["finance"], "at": self.clock()}
        if line and refundable(line) > 1:
            bill_refunds.ask(
                line_id=line.id,
                reason_code="outage",
                amount=self.chance.randint(1, refundable(line)),
                **asked,
            )
        top_ups = Payment.objects.filter(purpose="top_up", status="paid", refunded=0).exclude(
            method="transfer"
        )
        if payment := top_ups.order_by("-id").first():
            refunds.ask(payment_id=payment.id, amount=self.chance.randint(1, payment.amount // 20), **asked)

    def decide(self):
        """Second persons answer what waits for them: mostly yes, sometimes not at all."""
        for approval in Approval.objects.filter(status=Approval.Status.PENDING).order_by("id"):
            by = self.people["fiona" if approval.kind == placing.APPROVAL_KIND else "checker"]
            try:
                approvals.decide(
                    approval_id=approval.id, approve=self.chance.random() < 0.8, reason="-", by=by, at=self.clock()
                )  # fmt: skip
            except Refusal as refusal:
                self.refused[refusal.code] += 1
