"""What came by transfer goes back by transfer: asked, agreed, in a batch that two signed, and done when the bank says so."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from federation.capacity.models import Pool
from marketplace.bank import actions as bank
from marketplace.bank.models import BankLine
from marketplace.bank.tasks import credit_bank_lines
from marketplace.ledger import actions as ledger
from marketplace.ledger.models import Cause, Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.orders.tasks import follow_payments
from marketplace.payments import refunds
from marketplace.payments.models import BankReceipt, Payment, Refund
from marketplace.payments.refunds import CannotRefund
from marketplace.payments.tasks import attend_refunds, follow_refund_approvals
from marketplace.payouts import queries
from marketplace.payouts.tasks import match_payouts
from marketplace.settlement import queries as books
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.audit.models import Event
from tests.city import NOON, bill, place, run
from tests.marketplace.test_payouts import decide, propose, seen, visitor

__all__ = ["seen"]
HEAD = "交易日期,交易流水号,支出,收入,余额,对方户名,对方账号,附言\n"
ACCOUNT = "350200007654321"
ASK = "/payments/refunds/ask/"


def bank_says(city, reference, fen, remark, account=ACCOUNT):
    """One movement on the platform's account, with the other side's account number."""
    city.bank += fen
    came, went = (fen, 0) if fen > 0 else (0, -fen)
    day = f"{timezone.localdate()},{reference},{went / 100:.2f},{came / 100:.2f},{city.bank / 100:.2f}"
    text = f"{HEAD}{day},{city.ludao.name},{account},{remark}\n"
    bank.take_file(name="x.csv", content=text.encode(), by=city.finance, at=timezone.now())
    credit_bank_lines()
    match_payouts()


def purse() -> int:
    return balance(Kind.PREPAID, "EN-LUDAO")


@pytest.fixture
def receipt(seen):
    """Ludao transferred 500 yuan into its balance."""
    seen.before = purse()
    bank_says(seen, "IN-1", 50_000, "EN-LUDAO")
    return BankReceipt.objects.get(bank_reference="IN-1")


def ask(city, receipt, amount=20_000):
    return refunds.ask_back(
        receipt_id=receipt.id, amount=amount, reason="项目结束", by=city.fiona, at=timezone.now()
    )


def answer(city, refund, *, agree=True):
    word = Approval.objects.get(subject_code=refund.code)
    approvals.decide(
        approval_id=word.id, approve=agree, reason="核对无误", by=city.finance, at=timezone.now()
    )
    follow_refund_approvals()
    refund.refresh_from_db()
    return refund


@pytest.fixture
def due(seen, receipt):
    return answer(seen, ask(seen, receipt))


@pytest.fixture
def ordered(seen, due):
    """Its payment in an approved batch."""
    batch = propose(seen)
    decide(seen, batch.code)
    return batch.payouts.get()


def standing(payout):
    payout.refresh_from_db()
    payout.refund.refresh_from_db()
    payout.batch.refresh_from_db()
    return payout.status, payout.refund.status, payout.batch.status


def test_what_a_firm_asked_back_is_set_aside_when_finance_agreed(seen, receipt):
    refund = ask(seen, receipt)
    assert (refund.status, purse()) == (Refund.Status.ASKED, seen.before + 50_000)

    refund = answer(seen, refund)

    assert (refund.status, refund.agreed_by) == (Refund.Status.DUE, seen.finance)
    assert (purse(), balance(Kind.REFUND_DUE, receipt.code)) == (seen.before + 30_000, 20_000)
    assert books.breaks() == []


def test_it_is_paid_by_the_batch_and_done_by_the_banks_line(seen, receipt, ordered):
    assert standing(ordered) == ("ordered", "sent", "approved")
    assert (balance(Kind.REFUND_DUE, receipt.code), balance(Kind.PAYOUT, ordered.refund.code)) == (0, 20_000)
    assert books.breaks() == []

    bank_says(seen, "OUT-1", -20_000, ordered.code)

    assert standing(ordered) == ("paid", "done", "closed")
    assert (balance(Kind.PAYOUT, ordered.refund.code), balance(Kind.SUSPENSE, ordered.line.code)) == (0, 0)
    assert balance(Kind.BANK, "platform") == seen.bank
    assert seen.fiona.notices.latest("id").title == "已原路退款 ¥200.00"
    assert books.breaks() == []


def test_the_banks_file_names_the_account_it_came_from(seen, ordered):
    file = visitor(seen.finance).post(f"/payouts/{ordered.batch.code}/file/")

    line = file.content.decode("utf-8-sig").splitlines()[1]
    assert line.split(",") == [ordered.code, seen.ludao.name, ACCOUNT, "", "200.00", ordered.code]
    assert "**** 4321" in visitor(seen.finance).get(f"/payouts/{ordered.batch.code}/").content.decode()


def test_what_the_bank_sends_back_is_due_again_and_waits_for_finance(seen, ordered):
    bank_says(seen, "OUT-1", -20_000, ordered.code)
    bank_says(seen, "BACK-1", 20_000, f"退汇 {ordered.code}")

    assert standing(ordered) == ("returned", "due", "closed")
    assert (ordered.refund.is_stuck, ordered.refund.failure) == (True, "银行退汇")
    assert balance(Kind.REFUND_DUE, ordered.refund.origin.code) == 20_000
    assert not queries.refundable().exists()
    assert books.breaks() == []

    refunds.send_again(refund_id=ordered.refund_id, by=seen.finance, at=NOON)
    again = propose(seen)
    decide(seen, again.code)
    bank_says(seen, "OUT-2", -20_000, again.payouts.get().code)
    assert standing(again.payouts.get()) == ("paid", "done", "closed")
    assert books.breaks() == []


def test_a_batch_that_was_refused_leaves_it_for_the_next(seen, due):
    batch = propose(seen)
    assert not queries.refundable().exists()

    decide(seen, batch.code, agree=False, reason="金额待核")

    assert standing(batch.payouts.get()) == ("dropped", "due", "refused")
    assert [row.code for row in queries.refundable()] == [due.code]


def test_what_an_order_leaves_of_a_transfer_goes_back_to_its_sender(seen):
    Pool.objects.update(observed_at=timezone.now())
    before = purse()
    order = place(seen, vouchers=frozenset(), ways=("transfer",), at=timezone.now())
    payment = Payment.objects.get(order_code=order.code)
    bank_says(seen, "IN-1", order.amount, payment.code)
    follow_payments()
    run(order, seconds=1800)
    bill(order)
    for _again in range(2):
        attend_refunds()

    refund = Refund.objects.get()
    left = order.amount - order.billed_amount
    assert (refund.status, refund.amount, refund.is_by_bank) == (Refund.Status.DUE, left, True)
    assert books.breaks() == []
    batch = propose(seen)
    decide(seen, batch.code)
    assert books.breaks() == []
    bank_says(seen, "OUT-1", -left, batch.payouts.get().code)

    assert standing(batch.payouts.get()) == ("paid", "done", "closed")
    assert (purse(), balance(Kind.REFUND_DUE, payment.code)) == (before, 0)
    assert books.breaks() == []


@pytest.mark.parametrize("amount", [0, -1, 50_001])
def test_never_more_than_came(seen, receipt, amount):
    before = Journal.objects.count()

    with pytest.raises(CannotRefund):
        ask(seen, receipt, amount)

    assert not Refund.objects.exists()
    assert Journal.objects.count() == before


def test_parts_together_never_exceed_what_came_not_even_past_the_action(seen, receipt):
    ask(seen, receipt, 30_000)

    with pytest.raises(CannotRefund):
        ask(seen, receipt, 20_001)
    wish = {"organization": seen.ludao, "reason": "x", "status": "due", "asked_at": NOON}
    with pytest.raises(IntegrityError, match="more than came would go back"), transaction.atomic():
        Refund.objects.create(code="RF-X", receipt=receipt, amount=20_001, **wish)
    assert ask(seen, receipt, 20_000).status == Refund.Status.ASKED


def test_what_was_spent_is_not_given_back(seen, receipt):
    refund = ask(seen, receipt)
    spent = ledger.transfer(purse(), (Kind.PREPAID, "EN-LUDAO"), (Kind.PREPAID_HELD, "EN-LUDAO"))
    ledger.post("spent", kind=Cause.ORDER_HELD, subject="x", lines=spent, at=NOON)

    with pytest.raises(CannotRefund):
        ask(seen, receipt, 1)
    assert answer(seen, refund).status == Refund.Status.REFUSED
    assert balance(Kind.REFUND_DUE, receipt.code) == 0


def test_where_nobody_knows_the_account_nothing_is_sent(seen):
    bank_says(seen, "IN-2", 50_000, "EN-LUDAO", account="")
    refund = ask(seen, BankReceipt.objects.get(bank_reference="IN-2"))

    refund = answer(seen, refund)

    assert (refund.status, refund.failure) == (Refund.Status.REFUSED, "来款账户不明")
    assert balance(Kind.REFUND_DUE, refund.receipt.code) == 0


def test_a_firm_asks_on_its_own_page_and_for_its_own_transfers_only(seen, receipt):
    fiona, charlie = visitor(seen.fiona), visitor(seen.charlie)
    wish = {"receipt": receipt.code, "amount": "200.00", "reason": "项目结束"}

    assert "可退 ¥500.00" in fiona.get(ASK).content.decode()
    assert fiona.post(ASK, wish | {"amount": "500.01"}).status_code == 422
    assert charlie.post(ASK, wish).status_code == 422
    assert not Event.objects.filter(name="refund.asked").exists()
    assert fiona.post(ASK, wish).status_code == 302
    word = Approval.objects.get(subject_code=Refund.objects.get().code)
    assert ACCOUNT in visitor(seen.finance).get(f"/approvals/{word.code}/").content.decode()


def test_a_line_that_pays_too_little_is_named_and_moves_nothing(seen, ordered):
    bank_says(seen, "OUT-1", -19_999, ordered.code)

    (found,) = queries.findings(queries.open_lines())
    assert "为 ¥200.00，银行为 ¥199.99" in found.problem
    assert standing(ordered) == ("ordered", "sent", "approved")
    assert BankLine.objects.get(bank_reference="OUT-1").status == BankLine.Status.WAITING
