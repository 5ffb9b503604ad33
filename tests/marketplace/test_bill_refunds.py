"""A billed line goes back to whoever paid it when two of finance agree; a meter that was wrong is put right by another line."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.usage.models import UsageRecord
from marketplace.billing import actions as billing
from marketplace.billing import overdue, refunds
from marketplace.billing.models import BillLine, BillRefund
from marketplace.billing.tasks import follow_bill_refunds
from marketplace.funding.actions import RefundTooHigh
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.orders.queries import committed_in_month
from marketplace.settlement import actions as settlement
from marketplace.settlement import queries as books
from portal.approvals import actions as approvals
from portal.approvals.actions import CannotDecide
from portal.approvals.models import Approval
from portal.audit.models import Event
from tests.city import DAY, NOON, bill, comes_late, monthly_bills, place, run

FIRM = "EN-LUDAO"


@pytest.fixture
def line(city):
    """Half an hour of eight cards: 94.08 yuan, of which 34.80 are vouchers."""
    order = place(city)
    run(order, seconds=1800)
    return bill(order).lines.get()


def ask(city, line, amount, **wishes):
    wish = {"reason_code": "quality", "reason": "中断十分钟"} | wishes
    return refunds.ask(line_id=line.id, amount=amount, **wish, by=city.finance, at=NOON)


def give(city, line, amount) -> BillLine:
    refund = ask(city, line, amount)
    return refunds.give(refund_id=refund.id, by=city.checker, at=NOON + DAY).given_line


def sums(line):
    return (line.gross, line.voucher, line.cash, line.credit, line.commission, line.provider_amount)


def test_a_refund_goes_back_in_the_proportion_in_which_it_was_paid(city, line):
    purse = balance(Kind.PREPAID, FIRM)
    first = sums(line)

    back = give(city, line, 4704)

    assert (back.kind, back.original, back.usage) == ("refund", line, None)
    assert sums(back) == (-4704, -1740, -2964, 0, -235, -4469)
    assert first == (9408, 3480, 5928, 0, 470, 8938)
    assert balance(Kind.PREPAID, FIRM) == purse + 2964
    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 8938 - 4469
    assert balance(Kind.COMMISSION, "platform") == 235
    line.order.refresh_from_db()
    assert line.order.billed_amount == 4704
    assert committed_in_month(city.lab, NOON) == 4704
    assert books.breaks() == []


def test_the_whole_line_in_three_parts_leaves_nothing(city, line):
    for amount in (1, 4703, 4704):
        give(city, line, amount)

    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 0
    assert balance(Kind.COMMISSION, "platform") == 0
    assert balance(Kind.SUBSIDY_ACCRUED, "PG-CITY-2026") == 0
    assert balance(Kind.PREPAID, FIRM) == 20_000_000
    assert books.breaks() == []


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(amounts=st.lists(st.integers(1, 9408), min_size=1, max_size=5))
def test_however_it_is_refunded_the_books_hold_and_no_more_goes_back_than_was_paid(city, line, amounts):
    left = line.gross
    with transaction.atomic():
        for amount in amounts:
            if amount > left:
                with pytest.raises(RefundTooHigh):
                    ask(city, line, amount)
            else:
                give(city, line, amount)
                left -= amount

        assert sum(BillLine.objects.values_list("gross", flat=True)) == left
        assert balance(Kind.PREPAID, FIRM) <= 20_000_000
        assert books.breaks() == []
        transaction.set_rollback(True)


@pytest.mark.parametrize("amount", [0, -1, 9409])
def test_more_than_is_billed_is_refused_and_nothing_moves(city, line, amount):
    with pytest.raises(RefundTooHigh, match=r"最多可退 ¥94\.08"):
        ask(city, line, amount)

    assert (BillRefund.objects.count(), Approval.objects.count()) == (0, 0)


def test_what_is_asked_already_cannot_be_asked_again(city, line):
    ask(city, line, 9000)

    with pytest.raises(RefundTooHigh, match=r"最多可退 ¥4\.08"):
        ask(city, line, 409)


def test_another_of_finance_agrees_and_the_sweep_gives_it_back_once(city, line):
    refund = ask(city, line, 4704)
    approval = Approval.objects.get(subject_code=refund.code)
    with pytest.raises(CannotDecide):
        approvals.decide(approval_id=approval.id, approve=True, by=city.finance, at=NOON)
    with pytest.raises(CannotDecide):
        approvals.decide(approval_id=approval.id, approve=True, by=city.alice, at=NOON)
    follow_bill_refunds()
    assert BillLine.objects.count() == 1

    approvals.decide(approval_id=approval.id, approve=True, by=city.checker, at=NOON)
    follow_bill_refunds()
    follow_bill_refunds()

    refund.refresh_from_db()
    assert (refund.status, refund.given_line.gross) == (BillRefund.Status.GIVEN, -4704)
    assert Event.objects.filter(name="bill.refund_given").count() == 1


def test_a_refused_refund_moves_nothing(city, line):
    refund = ask(city, line, 4704)
    approval = Approval.objects.get(subject_code=refund.code)
    approvals.decide(approval_id=approval.id, approve=False, reason="依据不足", by=city.checker, at=NOON)

    follow_bill_refunds()

    refund.refresh_from_db()
    assert (refund.status, refund.given_line) == (BillRefund.Status.REFUSED, None)
    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 8938


def test_it_stands_on_the_next_bill_and_lowers_the_next_statement(city, line):
    monthly_bills()
    settlement.close(until=NOON + DAY, by=None, at=NOON + DAY)
    refund = ask(city, line, 4704)
    refunds.give(refund_id=refund.id, by=city.checker, at=NOON + 20 * DAY)

    (december,) = monthly_bills(at=NOON + 20 * DAY)
    closed = settlement.close(until=NOON + 40 * DAY, by=None, at=NOON + 40 * DAY)

    assert (december.gross, december.voucher, december.cash, december.due) == (-4704, -1740, -2964, 0)
    assert [(s.party, s.gross) for s in closed] == [
        ("unicom", -4704),
        ("PG-CITY-2026", -1270),
        ("PG-SIMING-2026", -470),
    ]
    assert books.breaks() == []


# --- what came late ------------------------------------------------------------------------------------
def test_what_came_late_and_is_still_owed_is_owed_no_more(city, line):
    late = billing.bill_late(usage_id=comes_late(line.order, seconds=600).id, at=NOON)

    back = give(city, late, 1000)

    assert sums(back)[:4] == (-1000, 0, 0, -1000)
    assert balance(Kind.RECEIVABLE, FIRM) == 2136
    assert books.breaks() == []


def test_what_came_late_is_a_line_of_its_own_and_no_part_of_the_first(city, line):
    billing.bill_late(usage_id=comes_late(line.order, seconds=600).id, at=NOON)

    with pytest.raises(RefundTooHigh, match=r"最多可退 ¥94\.08"):
        ask(city, line, 9409)


def test_what_came_late_and_was_paid_is_money_again(city, line):
    late = billing.bill_late(usage_id=comes_late(line.order, seconds=600).id, at=NOON)
    (made,) = monthly_bills()
    overdue.pay(bill_id=made.id, by=city.fiona, at=NOON)
    purse = balance(Kind.PREPAID, FIRM)

    back = give(city, late, 1000)

    assert sums(back)[:4] == (-1000, 0, -1000, 0)
    assert balance(Kind.PREPAID, FIRM) == purse + 1000
    assert books.breaks() == []


def test_a_refund_before_the_bill_is_paid_makes_it_cheaper_and_the_next_one_says_so(city, line):
    late = billing.bill_late(usage_id=comes_late(line.order, seconds=600).id, at=NOON)
    (november,) = monthly_bills()
    refund = ask(city, late, 1000)
    refunds.give(refund_id=refund.id, by=city.checker, at=NOON + 20 * DAY)

    overdue.pay(bill_id=november.id, by=city.fiona, at=NOON + 20 * DAY)
    (december,) = monthly_bills(at=NOON + 20 * DAY)

    november.refresh_from_db()
    assert (november.due, november.paid) == (3136, 2136)
    assert (december.credit, december.brought, december.due, december.status) == (-1000, 1000, 0, "paid")
    assert balance(Kind.RECEIVABLE, FIRM) == 0
    assert books.breaks() == []


# --- the meter was wrong -------------------------------------------------------------------------------
def corrected(line, seconds, *, key="right-1"):
    """The cluster says what this reading should have been."""
    reading = comes_late(line.order, seconds=seconds, key=key, corrects=line.usage)
    return billing.bill_late(usage_id=reading.id, at=NOON + DAY)


def test_too_much_metered_goes_back_to_whoever_paid(city, line):
    after = corrected(line, 900)

    assert (after.kind, after.original, after.seconds, after.metered_seconds) == (
        "correction",
        line,
        -900,
        -900,
    )
    assert sums(after)[:4] == (-4704, -1740, -2964, 0)
    assert books.breaks() == []


def test_too_little_metered_is_owed_up_to_what_was_ordered(city, line):
    after = corrected(line, 9000)

    assert (after.seconds, after.metered_seconds, after.gross, after.credit) == (1800, 7200, 9408, 9408)
    assert books.breaks() == []


def test_a_correction_of_a_correction_starts_from_it(city, line):
    first = corrected(line, 900)
    second = corrected(first, 1200, key="right-2")

    assert (second.original, second.seconds, second.gross) == (line, 300, 1568)
    assert sum(one.gross for one in BillLine.objects.filter(order=line.order)) == 6272
    assert books.breaks() == []


def test_a_correction_takes_nothing_back_that_was_refunded_before(city, line):
    give(city, line, 9000)

    after = corrected(line, 0)

    assert (after.gross, after.seconds) == (-408, -1800)
    assert books.breaks() == []


def test_saying_a_correction_twice_corrects_once(city, line):
    corrected(line, 900)

    assert billing.bill_late(usage_id=UsageRecord.objects.get(source_key="right-1").id, at=NOON) is None


def test_corrections_keep_the_control_totals_of_a_settlement(city, line):
    corrected(line, 900)
    give(city, line, 100)

    closed = settlement.close(until=NOON + 2 * DAY, by=None, at=NOON + 2 * DAY)

    run_totals = closed[0].run
    assert run_totals.metered == run_totals.billed + run_totals.free + run_totals.over
    assert run_totals.billed == 8 * 900
    assert books.breaks() == []


def test_two_of_finance_put_a_meter_right(city, line):
    purse = balance(Kind.PREPAID, FIRM)
    refund = ask(city, line, 0, seconds=900, reason_code="metering")

    given = refunds.give(refund_id=refund.id, by=city.checker, at=NOON)
    refunds.give(refund_id=refund.id, by=city.checker, at=NOON)
    again = ask(city, line, 0, seconds=1200, reason_code="metering")
    more = refunds.give(refund_id=again.id, by=city.checker, at=NOON)

    assert (given.given_line.kind, given.given_line.seconds, given.given_line.gross) == (
        "correction",
        -900,
        -4704,
    )
    assert (more.given_line.seconds, more.given_line.gross, more.given_line.credit) == (300, 1568, 1568)
    assert balance(Kind.PREPAID, FIRM) == purse + 2964
    assert list(UsageRecord.objects.order_by("id").values_list("seconds", flat=True)) == [1800, 900, 1200]
    assert books.breaks() == []


@pytest.mark.parametrize("wish", [{}, {"amount": "1.00", "seconds": "900"}, {"seconds": "-1"}])
def test_an_amount_or_seconds_and_not_both(city, line, client, wish):
    client.force_login(city.finance)

    answer = client.post(
        "/bills/refunds/", {"line": line.code, "reason_code": "metering", "reason": "时钟漂移"} | wish
    )

    assert answer.status_code == 422
    assert BillRefund.objects.count() == 0


# --- the page ------------------------------------------------------------------------------------------
def test_finance_asks_on_the_page_and_what_was_typed_wrong_is_kept(city, line, client):
    client.force_login(city.finance)
    typed = {"line": line.code, "amount": "95.00", "reason_code": "twice", "reason": "同一作业计了两次"}

    refused = client.post("/bills/refunds/", typed)
    taken = client.post("/bills/refunds/", typed | {"amount": "47.04"})

    assert (refused.status_code, taken.status_code) == (422, 302)
    assert "最多可退 ¥94.08" in refused.content.decode()
    assert "同一作业计了两次" in refused.content.decode()
    refund = BillRefund.objects.get()
    assert (refund.amount, refund.reason_code) == (4704, "twice")
    desk = client.get(f"/approvals/{Approval.objects.get().code}/").content.decode()
    assert line.code in desk
