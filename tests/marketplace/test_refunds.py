"""Money goes back to where it was paid from: two people agree, nothing is sent twice, what comes back is kept for the firm."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.ledger import actions as ledger
from marketplace.ledger.models import Account, Cause, Kind
from marketplace.ledger.queries import balance
from marketplace.payments import refunds
from marketplace.payments.models import Refund
from marketplace.payments.refunds import CannotRefund
from marketplace.payments.tasks import attend_refunds, follow_refund_approvals, read_provider_events
from marketplace.settlement import queries as books
from portal.approvals import actions as approvals
from portal.approvals.actions import CannotDecide
from portal.approvals.models import Approval
from portal.audit.models import Event
from portal.notices.models import Notice
from tests.marketplace.test_payments import look_again, peer, purse, top_up, town

__all__ = ["peer", "town"]
Status = Refund.Status


@pytest.fixture(params=["alipay", "card"])
def paid(request, town, peer):
    payment = top_up(town, request.param)
    peer.pay(payment.provider_id)
    return look_again(payment)


def ask(city, payment, amount=20_000):
    return refunds.ask(
        payment_id=payment.id, amount=amount, reason="重复充值", by=city.finance, at=timezone.now()
    )


def decide(city, refund, *, approve=True):
    approval = Approval.objects.get(subject_code=refund.code)
    approvals.decide(
        approval_id=approval.id, approve=approve, reason="核对无误", by=city.checker, at=timezone.now()
    )
    follow_refund_approvals()
    attend_refunds()
    refund.refresh_from_db()
    return refund


def hear(peer, refund, **more):
    peer.finish_refund(refund.provider_id, **more)
    peer.deliver()
    read_provider_events()
    refund.refresh_from_db()
    return refund


def due() -> int:
    return sum(Account.objects.filter(kind=Kind.REFUND_DUE).values_list("balance", flat=True))


def test_a_refund_that_two_agreed_on_goes_back_the_way_it_came(town, peer, paid):
    refund = decide(town, ask(town, paid))
    if paid.method == "alipay":
        assert (refund.status, due()) == (Status.SENT, 20_000)
        hear(peer, refund)

    assert refund.status == Status.DONE
    assert (purse(), due(), balance(Kind.PSP, "stripe")) == (town.purse + 30_000, 0, 30_000)
    assert [row["amount"] for row in peer.rows["refund"].values()] == [20_000]
    assert books.breaks() == []


def test_nobody_of_finance_agrees_to_their_own_refund(town, peer, paid):
    refund = ask(town, paid)
    approval = Approval.objects.get(subject_code=refund.code)

    with pytest.raises(CannotDecide):
        approvals.decide(approval_id=approval.id, approve=True, by=town.finance, at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        refunds.agree(refund_id=refund.id, by=town.finance, at=timezone.now())

    refund.refresh_from_db()
    assert (refund.status, purse(), due()) == (Status.ASKED, town.purse + 50_000, 0)


def test_a_refused_refund_moves_nothing_and_frees_its_claim(town, peer, paid):
    refund = decide(town, ask(town, paid, 50_000), approve=False)

    assert refund.status == Status.REFUSED
    assert (purse(), due(), "refund" in peer.rows) == (town.purse + 50_000, 0, False)
    assert ask(town, paid, 50_000).status == Status.ASKED


@pytest.mark.parametrize("amount", [0, -1, 50_001])
def test_never_more_than_was_paid(town, peer, paid, amount):
    with pytest.raises(CannotRefund):
        ask(town, paid, amount)

    assert not Refund.objects.exists()


def test_parts_together_never_exceed_what_was_paid(town, peer, paid):
    ask(town, paid, 30_000)

    with pytest.raises(CannotRefund):
        ask(town, paid, 20_001)
    assert ask(town, paid, 20_000).status == Status.ASKED


def test_what_the_firm_has_spent_meanwhile_is_not_given_back(town, peer, paid):
    refund = ask(town, paid, 50_000)
    spent = ledger.transfer(purse(), (Kind.PREPAID, "EN-LUDAO"), (Kind.PREPAID_HELD, "EN-LUDAO"))
    ledger.post("spent", kind=Cause.ORDER_HELD, subject="x", lines=spent, at=timezone.now())

    refund = decide(town, refund)

    assert (refund.status, due(), "refund" in peer.rows) == (Status.REFUSED, 0, False)


@pytest.mark.parametrize("accident", ["before", "after", 500])
def test_a_refund_whose_answer_was_lost_is_sent_once(town, peer, paid, accident):
    refund = ask(town, paid)
    peer.accidents.append(accident)
    refund = decide(town, refund)
    # Its key is forgotten, as after a day.
    peer.remembered.clear()
    Refund.objects.update(due_at=timezone.now())

    attend_refunds()

    refund.refresh_from_db()
    assert refund.status in (Status.SENT, Status.DONE)
    assert len(peer.rows["refund"]) == 1


def test_what_the_payers_bank_sent_back_is_due_again_and_finance_is_told(town, peer, paid):
    refund = decide(town, ask(town, paid))
    refund = hear(peer, refund, fails=True)

    assert (refund.status, refund.is_stuck, due()) == (Status.DUE, True, 20_000)
    assert balance(Kind.PSP, "stripe") == 50_000
    told = Notice.objects.filter(user=town.checker, sentence__startswith="退款 %(code)s 未成功")
    assert told.count() == 1

    refunds.send_again(refund_id=refund.id, by=town.finance, at=timezone.now())
    attend_refunds()
    refund.refresh_from_db()
    if refund.status == Status.SENT:
        refund = hear(peer, refund)

    assert (refund.status, due(), balance(Kind.PSP, "stripe")) == (Status.DONE, 0, 30_000)
    assert len(peer.rows["refund"]) == 2
    assert books.breaks() == []


def test_a_provider_that_refuses_leaves_it_due_and_is_not_asked_again_by_itself(town, peer, paid):
    peer.refuses_refunds = True
    refund = decide(town, ask(town, paid))
    asked = len(peer.calls)

    attend_refunds()

    assert (refund.status, refund.failure, due()) == (Status.DUE, "balance_insufficient", 20_000)
    assert len(peer.calls) == asked
    assert Event.objects.filter(name="refund.failed").count() == 1
