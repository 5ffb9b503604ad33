"""The buyer's order of ways to pay, contract credit, money that comes later, and refunds to where it came from."""

from datetime import timedelta

import pytest
from django.utils import timezone

from federation.capacity.models import Pool
from marketplace.funding import actions as funding
from marketplace.funding import queries, sources
from marketplace.funding.models import CreditLine, FundingHold
from marketplace.funding.protocol import Choice, Part
from marketplace.funding.tasks import follow_credit
from marketplace.ledger.actions import InsufficientFunds, Line
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders import actions as orders
from marketplace.orders import refusals
from marketplace.orders.models import Order
from marketplace.orders.tasks import follow_payments
from marketplace.settlement import queries as books
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.notices.models import Notice
from portal.shell.exceptions import Refusal
from scheduler.workloads.models import Workload
from tests.city import NOON, bill, place, run

pytestmark = pytest.mark.django_db

FIRM = "EN-LUDAO"
YEAR = timedelta(days=365)


def ask_for_credit(city, limit=1_000_000, **wishes):
    wish = {
        "organization": city.ludao,
        "contract": "HT-2026-1",
        "valid_until": NOON + YEAR,
        "reason": "框架合同",
    } | wishes
    return funding.propose_credit(limit=limit, **wish, by=city.finance, at=NOON)


def grant_credit(city, limit=1_000_000, **wishes):
    line = ask_for_credit(city, limit, **wishes)
    return funding.grant_credit(line_id=line.id, by=city.checker, at=NOON)


def parts(order):
    return [(hold.source, hold.amount) for hold in queries.holds_of(order.code)]


def standing():
    kinds = (Kind.PREPAID, Kind.PREPAID_HELD, Kind.CREDIT_FREE, Kind.CREDIT_HELD, Kind.CREDIT_USED)
    return {kind: balance(kind, FIRM) for kind in (*kinds, Kind.RECEIVABLE)}


# --- the order of the ways -----------------------------------------------------------------------------
def test_the_purse_pays_as_far_as_it_reaches_and_credit_the_rest(city):
    purse = balance(Kind.PREPAID, FIRM)
    grant_credit(city, 100_000_000)

    order = place(
        city, vouchers=frozenset(), cards=64, hours="400", code="telecom-ascend910b", project=free(city)
    )

    assert parts(order) == [("wallet", purse), ("credit", order.amount - purse)]
    assert balance(Kind.PREPAID, FIRM) == 0


def test_the_buyers_own_order_is_kept(city):
    grant_credit(city, 1_000)

    order = place(city, vouchers=frozenset(), ways=("credit", "wallet"))

    assert parts(order) == [("credit", 1_000), ("wallet", order.amount - 1_000)]


def test_what_is_not_chosen_does_not_pay_and_the_shortage_is_named(city):
    grant_credit(city, 1_000)
    before = standing()

    with pytest.raises(InsufficientFunds) as refusal:
        place(city, vouchers=frozenset(), ways=("credit",))

    assert "178.16" in refusal.value.message
    assert standing() == before
    assert not Order.objects.exists() and not FundingHold.objects.exists()


def test_an_unknown_way_is_refused_by_name(city):
    with pytest.raises(refusals.BadOrder) as refusal:
        place(city, ways=("cheque",))

    assert (refusal.value.code, refusal.value.field) == ("way_unknown", "ways")
    assert "wallet" in refusal.value.message


def free(city):
    """A project without ceiling and approval."""
    city.lab.monthly_budget = city.lab.approval_threshold = 0
    city.lab.save()
    return city.lab


# --- contract credit -----------------------------------------------------------------------------------
def test_credit_is_in_force_when_a_second_person_agreed(city):
    line = ask_for_credit(city)
    approval = Approval.objects.get(subject_code=line.code)
    assert balance(Kind.CREDIT_FREE, FIRM) == 0
    with pytest.raises(approvals.CannotDecide):
        approvals.decide(approval_id=approval.id, approve=True, by=city.finance, at=NOON)

    approvals.decide(approval_id=approval.id, approve=True, by=city.checker, at=NOON)
    follow_credit()
    follow_credit()

    line.refresh_from_db()
    assert line.status == CreditLine.Status.IN_FORCE
    assert balance(Kind.CREDIT_FREE, FIRM) == 1_000_000
    told = Notice.objects.filter(sentence__contains="授信额度").values_list("user__username", flat=True)
    assert set(told) == {"alice", "bob", "fiona"}


def test_a_refused_credit_line_moves_nothing(city):
    line = ask_for_credit(city)
    approval = Approval.objects.get(subject_code=line.code)

    approvals.decide(approval_id=approval.id, approve=False, reason="资信不足", by=city.checker, at=NOON)
    follow_credit()

    line.refresh_from_db()
    assert (line.status, line.refusal) == (CreditLine.Status.REFUSED, "资信不足")
    assert queries.credit_line(city.ludao) is None and balance(Kind.CREDIT_FREE, FIRM) == 0


def test_a_limit_below_what_is_taken_meanwhile_is_refused_with_the_reason(city):
    grant_credit(city, 10_000)
    place(city, vouchers=frozenset(), ways=("credit", "wallet"))
    line = ask_for_credit(city, 9_999)

    approvals.decide(
        approval_id=Approval.objects.get(subject_code=line.code).id, approve=True, by=city.checker, at=NOON
    )
    follow_credit()

    line.refresh_from_db()
    assert line.status == CreditLine.Status.REFUSED
    assert "¥100.00" in line.refusal
    told = Notice.objects.get(user=city.finance, sentence__contains="未能生效")
    assert told.values["reason"] == line.refusal


def test_a_word_is_followed_however_many_requests_wait_before_it(city, monkeypatch):
    monkeypatch.setattr("portal.approvals.queries.BATCH", 1)
    waiting, decided = ask_for_credit(city), ask_for_credit(city, organization=city.yunding)

    approvals.decide(
        approval_id=Approval.objects.get(subject_code=decided.code).id, approve=True, by=city.checker, at=NOON
    )
    follow_credit()

    assert CreditLine.objects.get(id=decided.id).status == CreditLine.Status.IN_FORCE
    assert CreditLine.objects.get(id=waiting.id).status == CreditLine.Status.PROPOSED


def test_a_new_limit_replaces_the_old_one_but_never_goes_below_what_is_taken(city):
    first = grant_credit(city, 10_000)
    place(city, vouchers=frozenset(), ways=("credit", "wallet"))

    second = grant_credit(city, 15_000)
    with pytest.raises(funding.CannotGrant) as refusal:
        grant_credit(city, 9_999)

    first.refresh_from_db()
    assert (first.status, second.status) == (CreditLine.Status.REPLACED, CreditLine.Status.IN_FORCE)
    assert "100.00" in refusal.value.message
    assert (balance(Kind.CREDIT_FREE, FIRM), balance(Kind.CREDIT_HELD, FIRM)) == (5_000, 10_000)
    assert books.breaks() == []


def test_credit_past_its_date_pays_nothing_more(city):
    grant_credit(city, valid_until=NOON + timedelta(seconds=1))

    quote = queries.Means(city.ludao, NOON + timedelta(seconds=1))

    assert [way.reference for way in quote.ways()] == ["wallet", "transfer"]


def test_one_proposal_at_a_time(city):
    ask_for_credit(city)

    with pytest.raises(funding.CannotGrant):
        ask_for_credit(city, 5)

    assert CreditLine.objects.count() == 1


def test_use_on_credit_is_owed_and_a_refund_is_owed_no_more(city):
    grant_credit(city, 1_000_000)
    order = place(city, vouchers=frozenset(), ways=("credit",))
    run(order, seconds=1800)
    bill(order)
    used = order.billed_amount
    assert standing() | {Kind.PREPAID: 0} == {
        Kind.PREPAID: 0,
        Kind.PREPAID_HELD: 0,
        Kind.CREDIT_FREE: 1_000_000 - used,
        Kind.CREDIT_HELD: 0,
        Kind.CREDIT_USED: used,
        Kind.RECEIVABLE: used,
    }

    give(order, 100)

    assert (balance(Kind.RECEIVABLE, FIRM), balance(Kind.CREDIT_FREE, FIRM)) == (used - 100, 1_000_100 - used)


# --- refunds -------------------------------------------------------------------------------------------
def give(order, amount, reference="refund:1"):
    lines = [Line(Kind.PROVIDER_ACCRUED, "unicom", amount)]
    return funding.refund(
        reference=reference, order_code=order.code, amount=amount, counterpart=lines, at=NOON
    )


def test_a_refund_of_forty_percent_is_forty_percent_of_every_source(city):
    order = place(city)
    run(order, seconds=3600)
    bill(order)
    paid = {hold.reference: hold.captured for hold in queries.holds_of(order.code)}

    given = give(order, order.billed_amount * 4 // 10)

    assert sum(part.amount for part in given) == order.billed_amount * 4 // 10
    for part in given:
        assert abs(part.amount - paid[part.hold.reference] * 0.4) < 1
    assert len(given) > 1


def test_no_more_goes_back_than_was_paid(city):
    order = place(city)
    run(order, seconds=1800)
    bill(order)
    give(order, order.billed_amount - 10)
    before = standing()

    with pytest.raises(funding.RefundTooHigh) as refusal:
        give(order, 11, "refund:2")

    assert "0.10" in refusal.value.message
    assert standing() == before


# --- money that comes later ----------------------------------------------------------------------------
class Paper:
    """A way to pay whose money arrives after the order: what the payments room does online, without a provider."""

    code = "paper"
    is_subsidy = False
    patience = timedelta(hours=1)

    def open(self, organization, purse, at):
        return self

    def parts(self, purchase, remaining, *, chosen=None):
        return [Part(self.code, f"PAPER-{remaining}", FIRM, "纸币", remaining)] if remaining else []

    def choices(self):
        return []

    def offered(self):
        return Choice(self.code, "纸币")

    def hold(self, order_code, parts, organization, by, at):
        return []

    def capture(self, reference, organization, amount, at):
        return [Line(Kind.PAID, reference, amount)]

    def release(self, reference, organization, amount, at):
        return (
            [Line(Kind.PAID, reference, amount), Line(Kind.REFUND_DUE, reference, -amount)] if amount else []
        )

    def refund(self, reference, organization, amount, at):
        return [Line(Kind.REFUND_DUE, reference, -amount)]

    def explain(self, steps):
        return []

    def breaks(self):
        return queries.hold_breaks(self.code, Kind.PAID, owner="reference")


@pytest.fixture
def paper(city, monkeypatch):
    """This way to pay is switched on, and the clusters have been heard of right now."""
    Pool.objects.update(observed_at=timezone.now())
    ways = (*sources.all_sources(), Paper())
    monkeypatch.setattr(queries, "all_sources", lambda: ways)
    monkeypatch.setattr(sources, "all_sources", lambda: ways)


def pay(order, amount=None, at=NOON):
    hold = queries.awaited(order.code).first() or queries.holds_of(order.code).get(source="paper")
    return funding.arrived(
        order_code=order.code,
        reference=hold.reference,
        amount=hold.amount if amount is None else amount,
        debit=(Kind.PSP, "stripe"),
        at=at,
    )


def test_an_order_waits_for_its_money_and_then_begins(city, paper):
    order = place(city, vouchers=frozenset(), ways=("paper",), at=timezone.now())
    assert (order.status, order.pay_by) == (Order.Status.AWAITING_PAYMENT, order.placed_at + Paper.patience)
    follow_payments()
    assert Workload.objects.get(order_code=order.code).status == Workload.Status.DRAFT

    assert pay(order) and pay(order)
    follow_payments()

    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    assert Workload.objects.get(order_code=order.code).status == Workload.Status.QUEUED
    assert sum(balance(Kind.PAID, hold.reference) for hold in queries.holds_of(order.code)) == order.amount


def test_an_approved_order_then_waits_for_its_money_with_the_whole_time(city, paper):
    order = place(city, vouchers=frozenset(), ways=("paper",), project=city.model, hours="10", at=NOON)
    assert order.status == Order.Status.AWAITING_APPROVAL

    orders.approve(order_id=order.id, by=city.fiona, at=NOON + timedelta(hours=5))

    order.refresh_from_db()
    assert (order.status, order.pay_by) == (Order.Status.AWAITING_PAYMENT, NOON + timedelta(hours=6))


def test_what_nobody_pays_in_time_is_given_up_and_late_money_is_due_back(city, paper):
    before = standing()
    order = place(
        city,
        vouchers=frozenset(),
        ways=("wallet", "paper"),
        cards=64,
        hours="400",
        code="telecom-ascend910b",
        project=free(city),
    )

    orders.expire(order_id=order.id, at=order.pay_by)
    assert not pay(order)

    order.refresh_from_db()
    assert order.status == Order.Status.EXPIRED
    assert standing() == before
    late = queries.holds_of(order.code).get(source="paper")
    assert (balance(Kind.PAID, late.reference), balance(Kind.REFUND_DUE, late.reference)) == (0, late.amount)


def test_another_amount_does_not_pay(city, paper):
    order = place(city, vouchers=frozenset(), ways=("paper",), at=timezone.now())

    assert not pay(order, order.amount - 1)

    assert queries.awaited(order.code).exists()
    hold = queries.holds_of(order.code).get()
    assert balance(Kind.REFUND_DUE, hold.reference) == order.amount - 1


def test_what_was_paid_and_not_used_is_due_back(city, paper):
    order = place(city, vouchers=frozenset(), ways=("paper",), at=timezone.now())
    pay(order)
    follow_payments()
    run(order, seconds=1800)

    bill(order)

    hold = queries.holds_of(order.code).get()
    assert balance(Kind.PAID, hold.reference) == 0
    assert balance(Kind.REFUND_DUE, hold.reference) == order.amount - order.billed_amount


def test_an_unpaid_order_may_be_cancelled(city, paper):
    order = place(city, vouchers=frozenset(), ways=("paper",), at=timezone.now())

    orders.cancel(order_id=order.id, by=city.bob, at=NOON)

    order.refresh_from_db()
    assert order.status == Order.Status.CANCELLED


@pytest.mark.parametrize(("limit", "until"), [(-1, YEAR), (5, -YEAR)])
def test_a_senseless_credit_line_is_refused(city, limit, until):
    with pytest.raises(Refusal):
        ask_for_credit(city, limit, valid_until=NOON + until)

    assert not CreditLine.objects.exists()
