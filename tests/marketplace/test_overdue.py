"""What is owed is paid by hand or on its day; what is not brings one step after another, and paying lifts all."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.billing import actions as billing
from marketplace.billing import overdue
from marketplace.billing.models import Bill, BillLine
from marketplace.funding import actions as funding
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import InsufficientFunds, transfer
from marketplace.ledger.models import Cause, Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.orders.models import Order, OrderStop
from marketplace.orders.refusals import BillOverdue
from marketplace.settlement import queries as books
from portal.audit.models import Event
from portal.notices.models import Notice
from scheduler.workloads.models import Workload
from tests.city import NOON, bill, comes_late, monthly_bills, place, run

DUE = datetime(2026, 12, 16, 4, 0, tzinfo=UTC)


def days(number):
    return DUE + timedelta(days=number)


def empty_purse():
    """All the money goes elsewhere."""
    left = balance(Kind.PREPAID, "EN-LUDAO")
    ledger.post(
        "elsewhere",
        kind=Cause.ADJUSTED,
        subject="EN-LUDAO",
        lines=transfer(left, (Kind.PREPAID, "EN-LUDAO"), (Kind.ADJUSTMENT, "platform")),
        at=NOON,
    )
    return left


def refill(amount):
    ledger.post(
        "refill",
        kind=Cause.ADJUSTED,
        subject="EN-LUDAO",
        lines=transfer(amount, (Kind.ADJUSTMENT, "platform"), (Kind.PREPAID, "EN-LUDAO")),
        at=NOON,
    )


@pytest.fixture
def owed(city):
    """Ludao's November: 31.36 yuan came late and is still to be paid."""
    order = place(city)
    run(order, seconds=1800)
    bill(order)
    billing.bill_late(usage_id=comes_late(order, seconds=600).id, at=NOON)
    (made,) = monthly_bills()
    city.bill = made
    return city


def stage(city, day) -> str:
    return overdue.follow(bill_id=city.bill.id, at=days(day)).status


def test_a_bill_with_something_owed_waits_until_its_day(owed):
    assert (owed.bill.due, owed.bill.status) == (3136, Bill.Status.DUE)
    assert stage(owed, -1) == Bill.Status.DUE
    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 3136


def test_on_its_day_the_purse_pays_it(owed):
    before = balance(Kind.PREPAID, "EN-LUDAO")

    assert stage(owed, 0) == Bill.Status.PAID
    assert stage(owed, 1) == Bill.Status.PAID

    owed.bill.refresh_from_db()
    assert (owed.bill.paid, owed.bill.paid_at) == (3136, DUE)
    assert balance(Kind.PREPAID, "EN-LUDAO") == before - 3136
    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 0
    assert books.breaks() == []


def test_paying_by_hand_twice_pays_once(owed):
    overdue.pay(bill_id=owed.bill.id, by=owed.fiona, at=NOON)
    overdue.pay(bill_id=owed.bill.id, by=owed.fiona, at=NOON)

    assert Journal.objects.filter(kind=Cause.BILL_PAID).count() == 1
    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 0


def test_without_the_money_nothing_moves(owed):
    empty_purse()

    with pytest.raises(InsufficientFunds, match=r"可用余额 ¥0\.00，还需 ¥31\.36"):
        overdue.pay(bill_id=owed.bill.id, by=owed.fiona, at=NOON)

    owed.bill.refresh_from_db()
    assert (owed.bill.status, owed.bill.paid) == (Bill.Status.DUE, 0)
    assert Event.objects.filter(name="bill.paid").count() == 0


def test_each_step_comes_on_its_day_and_once(owed):
    empty_purse()

    stages = [stage(owed, day) for day in (0, 1, 1, 6, 7, 13, 14, 27, 28, 60)]

    assert stages == [
        "due",
        "reminded",
        "reminded",
        "reminded",
        "stopped",
        "stopped",
        "suspended",
        "suspended",
        "released",
        "released",
    ]
    names = Event.objects.filter(name__startswith="bill.", subject_code=owed.bill.code).order_by("id")
    assert list(names.values_list("name", flat=True)) == [
        "bill.issued",
        "bill.reminded",
        "bill.stopped",
        "bill.suspended",
        "bill.released",
    ]
    assert Notice.objects.filter(user=owed.fiona, url=owed.bill.get_absolute_url()).count() == 5


def test_a_stopped_firm_places_no_order_and_hears_which_bill_it_is(owed):
    left = empty_purse()
    stage(owed, 1)
    stage(owed, 7)
    refill(left)

    with pytest.raises(BillOverdue, match=owed.bill.code):
        place(owed, key="k2", cards=1)

    assert Order.objects.count() == 1
    assert balance(Kind.PREPAID_HELD, "EN-LUDAO") == 0


def test_a_suspended_firms_work_is_asked_to_stop_and_is_not_free(owed):
    order = place(owed, key="running", cards=1)
    other = place(owed, key="waiting", cards=1, project=owed.model)
    Workload.objects.filter(order_code__in=[order.code, other.code]).update(status=Workload.Status.RUNNING)
    empty_purse()
    for day in (1, 7, 14):
        stage(owed, day)

    assert set(Workload.objects.filter(order_code__in=[order.code, other.code]).values_list("status")) == {
        ("cancelling",)
    }
    assert OrderStop.objects.get().organization == owed.ludao
    order.refresh_from_db()
    assert order.is_withdrawn is False


def test_what_is_kept_for_a_suspended_firm_is_released_after_the_notice_it_was_given(owed):
    waiting = place(owed, key="waiting", cards=1, hours="100", vouchers=frozenset(), project=owed.model)
    held = balance(Kind.PREPAID_HELD, "EN-LUDAO")
    assert (waiting.status, held) == (Order.Status.AWAITING_APPROVAL, waiting.amount)
    empty_purse()
    for day in (1, 7, 14):
        stage(owed, day)
    waiting.refresh_from_db()
    told = Notice.objects.filter(user=owed.fiona, url=owed.bill.get_absolute_url()).latest("id")
    assert (waiting.status, "2027-01-13 仍未还清" in told.title) == (Order.Status.AWAITING_APPROVAL, True)

    assert stage(owed, 28) == Bill.Status.RELEASED

    waiting.refresh_from_db()
    assert (waiting.status, balance(Kind.PREPAID, "EN-LUDAO")) == (Order.Status.CANCELLED, held)
    assert stage(owed, 29) == Bill.Status.PAID
    assert books.breaks() == []


def test_paying_lifts_everything_and_says_so(owed):
    left = empty_purse()
    for day in (1, 7, 14):
        stage(owed, day)
    refill(left)

    overdue.pay(bill_id=owed.bill.id, by=owed.fiona, at=days(15))

    assert OrderStop.objects.count() == 0
    assert place(owed, key="k2", cards=1).status == Order.Status.CONFIRMED
    told = Notice.objects.filter(user=owed.alice).order_by("-id").first()
    assert told.sentence % told.values == f"账单 {owed.bill.code} 已结清，支付 ¥31.36"
    assert books.breaks() == []


def test_a_refund_of_all_that_is_owed_lifts_everything_though_the_purse_is_empty(owed):
    empty_purse()
    for day in (1, 7):
        stage(owed, day)
    late = BillLine.objects.get(kind="late")
    billing.give_back(line=late, amount=3136, reference="all", at=days(8))

    assert stage(owed, 8) == Bill.Status.PAID

    owed.bill.refresh_from_db()
    assert (owed.bill.paid, OrderStop.objects.count()) == (0, 0)
    assert books.breaks() == []


def test_while_another_bill_is_overdue_the_firm_stays_stopped(owed):
    left = empty_purse()
    for day in (1, 7):
        stage(owed, day)
    Bill.objects.create(
        code="BI-OLDER",
        organization=owed.ludao,
        month=datetime(2026, 10, 1).date(),
        line_count=0,
        gross=0,
        voucher=0,
        cash=0,
        credit=0,
        brought=0,
        due=0,
        due_on=DUE.date(),
        status=Bill.Status.STOPPED,
        issued_at=NOON,
    )
    refill(left)

    overdue.pay(bill_id=owed.bill.id, by=owed.fiona, at=days(8))

    assert OrderStop.objects.count() == 1


def test_the_firms_finance_pays_on_the_page_and_the_citys_does_not(owed, client):
    client.force_login(owed.finance)
    assert client.post(f"/bills/{owed.bill.code}/pay/").status_code == 403
    client.force_login(owed.charlie)
    assert client.post(f"/bills/{owed.bill.code}/pay/").status_code == 404
    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 3136
    client.force_login(owed.fiona)
    assert "31.36" in client.get("/desk/").content.decode()

    assert client.post(f"/bills/{owed.bill.code}/pay/").status_code == 302

    assert balance(Kind.RECEIVABLE, "EN-LUDAO") == 0


# --- contract credit -----------------------------------------------------------------------------------
@pytest.fixture
def trusted(city):
    """Ludao may owe 10,000 yuan."""
    line = funding.propose_credit(
        organization=city.ludao,
        contract="HT-2026-1",
        limit=1_000_000,
        valid_until=days(365),
        reason="框架合同",
        by=city.finance,
        at=NOON,
    )
    funding.grant_credit(line_id=line.id, by=city.checker, at=NOON)
    return city


def test_what_was_bought_on_credit_is_due_with_the_bill_and_paying_frees_the_limit(trusted):
    order = place(trusted, vouchers=frozenset(), ways=("credit",))
    run(order, seconds=1800)
    bill(order)
    (made,) = monthly_bills()
    assert (made.credit, made.due, balance(Kind.CREDIT_FREE, "EN-LUDAO")) == (9408, 9408, 1_000_000 - 9408)

    overdue.pay(bill_id=made.id, by=trusted.fiona, at=NOON)

    assert balance(Kind.CREDIT_FREE, "EN-LUDAO") == 1_000_000
    assert balance(Kind.CREDIT_USED, "EN-LUDAO") == balance(Kind.RECEIVABLE, "EN-LUDAO") == 0
    assert balance(Kind.PREPAID, "EN-LUDAO") == 20_000_000 - 9408
    assert books.breaks() == []


def test_a_refund_of_credit_before_and_after_the_bill_is_paid(trusted):
    order = place(trusted, vouchers=frozenset(), ways=("credit",))
    run(order, seconds=1800)
    first = bill(order).lines.get()
    early = billing.give_back(line=first, amount=1000, reference="early", at=NOON)
    (made,) = monthly_bills()
    overdue.pay(bill_id=made.id, by=trusted.fiona, at=NOON)

    later = billing.give_back(line=first, amount=500, reference="later", at=NOON)

    assert (early.credit, early.cash, made.due) == (-1000, 0, 8408)
    assert (later.credit, later.cash) == (0, -500)
    assert balance(Kind.PREPAID, "EN-LUDAO") == 20_000_000 - 8408 + 500
    assert balance(Kind.CREDIT_FREE, "EN-LUDAO") == 1_000_000
    assert books.breaks() == []
