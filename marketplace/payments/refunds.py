"""Giving money back to where it was paid from: two people agree; the provider or the bank says how it went."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.funding.actions import lock_purse
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import transfer
from marketplace.ledger.models import Cause, Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.payments import stripe_gateway as gateway
from marketplace.payments.actions import LEASE, STRIPE
from marketplace.payments.models import BankReceipt, Payment, Refund
from marketplace.payments.queries import came_with, due_back, goes_to
from marketplace.payments.stripe_gateway import State
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from portal.shell.sweeps import WAITS

APPROVAL_KIND = "refund"
Status = Refund.Status
ASK_AGAIN = timedelta(minutes=10)


class CannotRefund(Refusal):
    """Not this payment, or not so much of it."""

    status = 409
    code = "cannot_refund"


def ask(*, payment_id, amount: int, reason, by, at) -> Refund:
    """Finance wants to give a top-up back; somebody else of finance has to agree."""
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        is_in_the_purse = payment.purpose == Payment.Purpose.TOP_UP and payment.status == Payment.Status.PAID
        if not is_in_the_purse or not payment.is_online:
            raise CannotRefund(_("只有已到账的在线充值可以在此退回；订单的退款由订单发起。"), field="amount")
        _refuse_more_than(payment.amount - payment.refunded, amount)
        _claim(payment, amount)
        return _request(payment, amount, reason, by, at, payment=payment)


def ask_back(*, receipt_id, amount: int, reason, by, at) -> Refund:
    """A firm wants what it transferred and has not spent back on the account it came from; finance has to agree."""
    with transaction.atomic():
        receipt = BankReceipt.objects.select_related("organization").get(id=receipt_id)
        lock_purse(receipt.organization)
        left = BankReceipt.objects.returnable().filter(id=receipt.id).values_list("left", flat=True)
        _refuse_more_than(min(left.first() or 0, balance(Kind.PREPAID, receipt.organization.code)), amount)
        return _request(receipt, amount, reason, by, at, receipt=receipt)


def _refuse_more_than(left, amount):
    if not 0 < amount <= left:
        raise CannotRefund(_("最多可退 ¥%(left)s。") % {"left": yuan(left)}, field="amount")


def _request(origin, amount, reason, by, at, **origins):
    refund = Refund.objects.create(
        code=new_code("RF"),
        organization=origin.organization,
        amount=amount,
        reason=reason,
        status=Status.ASKED,
        asked_by=by,
        asked_at=at,
        **origins,
    )
    audit.record(refund, "refund.asked", by=by, origin=origin.code, amount=amount, reason=reason)
    approvals.request(
        kind=APPROVAL_KIND,
        subject_code=refund.code,
        organization=origin.organization,
        amount=amount,
        sentence=gettext_noop("退款 %(code)s：退回 %(name)s ¥%(amount)s"),
        values={"code": refund.code, "name": origin.organization.name, "amount": yuan(amount)},
        url=refund.get_absolute_url(),
        by=by,
        at=at,
        decided_under="refunds.manage",
    )
    return refund


def give_back(*, payment_id, at) -> Refund | None:
    """Start on its way what an order did not use, or came too late for. Saying it twice changes nothing.

    What was transferred waits for the next batch of payments; it becomes prepaid balance where the bank did not say
    from which account it came.
    """
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        amount = due_back(payment)
        if amount <= 0:
            return None
        receipt = None if payment.is_online else came_with(payment, amount)
        to_purse = not payment.is_online and receipt is None
        refund = Refund.objects.create(
            code=new_code("RF"),
            payment=payment,
            receipt=receipt,
            organization=payment.organization,
            amount=amount,
            reason=_("订单未使用"),
            status=Status.DONE if to_purse else Status.DUE,
            asked_at=at,
            due_at=at if payment.is_online else None,
            done_at=at if to_purse else None,
        )
        _claim(payment, amount)
        if to_purse:
            purse = (Kind.PREPAID, payment.organization.code)
            _post(refund, "to-purse", (Kind.REFUND_DUE, payment.code), purse, at)
        audit.record(refund, "refund.due", by=None, payment=payment.code, amount=amount)
    return refund


def _claim(payment, amount):
    if payment:
        payment.refunded += amount
        payment.save(update_fields=["refunded"])


def agree(*, refund_id, by, at) -> Refund:
    """A second person agreed: the money leaves the purse and waits to be sent. Saying it twice changes nothing.

    Where the firm has spent it meanwhile, or nobody knows its account, there is no way back, and the refund is refused.
    """
    with transaction.atomic():
        refund = Refund.objects.locked(refund_id)
        if refund.status != Status.ASKED:
            return refund
        if refund.is_by_bank and not goes_to(refund.receipt):
            return _refuse(refund, by, gettext_noop("来款账户不明"))
        purse = (Kind.PREPAID, refund.organization.code)
        try:
            with transaction.atomic():
                _post(refund, "set-aside", purse, (Kind.REFUND_DUE, refund.origin.code), at)
        except ledger.InsufficientFunds:
            return _refuse(refund, by, gettext_noop("余额不足"))
        status.move(refund, Status.DUE, agreed_by=by, due_at=None if refund.is_by_bank else at)
        audit.record(refund, "refund.agreed", by=by, before=Status.ASKED, after=Status.DUE)
    return refund


def refuse(*, refund_id, by, reason) -> Refund:
    """A second person did not agree; the money stays where it is. Saying it twice changes nothing."""
    with transaction.atomic():
        refund = Refund.objects.locked(refund_id)
        return refund if refund.status != Status.ASKED else _refuse(refund, by, reason)


def _refuse(refund, by, reason):
    _claim(refund.payment, -refund.amount)
    status.move(refund, Status.REFUSED, failure=reason[:80])
    audit.record(refund, "refund.refused", by=by, before=Status.ASKED, after=Status.REFUSED, reason=reason)
    return refund


def _post(refund, step, debit, credit, at):
    return ledger.post(
        f"refund:{refund.code}:{step}",
        kind=Cause.REFUND,
        subject=refund.code,
        lines=transfer(refund.amount, debit, credit),
        at=at,
    )


def take(*, at) -> Refund | None:
    """The next refund that somebody has to look after, for a minute nobody else's."""
    with transaction.atomic():
        rows = Refund.objects.due(at).select_for_update(no_key=True, of=("self",), skip_locked=True)
        refund = rows.select_related("payment").first()
        if refund is not None:
            refund.due_at = at + LEASE
            refund.tries += 1
            refund.save(update_fields=["due_at", "tries"])
    return refund


def note(*, refund_id, seen: gateway.SeenRefund, at) -> Refund:
    """Take over what the provider shows of a refund. Order and number of times do not matter."""
    with transaction.atomic():
        refund = Refund.objects.locked(refund_id)
        if refund.status not in (Status.DUE, Status.SENT, Status.DONE) or refund.is_stuck:
            return refund
        refund.provider_id, refund.tries, refund.due_at = seen.provider_id, 0, None
        if seen.state == State.FAILED:
            _came_back(refund, seen.failure, at)
        elif seen.state == State.DONE:
            _done(refund, at)
        else:
            refund.due_at = at + ASK_AGAIN
            if refund.status == Status.DUE:
                status.move(refund, Status.SENT)
        refund.save(update_fields=["provider_id", "tries", "due_at"])
    return refund


def _done(refund, at):
    if refund.status == Status.DONE:
        return
    if not refund.is_by_bank:
        _post(refund, refund.round, (Kind.REFUND_DUE, refund.origin.code), (Kind.PSP, STRIPE), at)
    before = refund.status
    status.move(refund, Status.DONE, done_at=at)
    audit.record(refund, "refund.done", by=None, before=before, after=Status.DONE, amount=refund.amount)
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=gettext_noop("已原路退款 ¥%(amount)s"),
        values={"amount": yuan(refund.amount)},
        url=refund.get_absolute_url(),
        at=at,
        organization=refund.organization,
        action="payments.view",
    )


def _came_back(refund, failure, at):
    """What was booked as sent is booked back; finance decides when to send it again."""
    if refund.status == Status.DONE and not refund.is_by_bank:
        ledger.reverse(Journal.objects.get(reference=f"refund:{refund.code}:{refund.round}"), at=at)
    before = refund.status
    refund.failure, refund.round, refund.done_at = (failure or "failed")[:80], refund.round + 1, None
    if before != Status.DUE:
        status.move(refund, Status.DUE)
    refund.save(update_fields=["failure", "round", "done_at"])
    audit.record(refund, "refund.failed", by=None, before=before, after=Status.DUE, failure=refund.failure)
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=gettext_noop("退款 %(code)s 未成功，请处理"),
        values={"code": refund.code},
        url=refund.get_absolute_url(),
        at=at,
        action="refunds.manage",
    )


# --- by bank, as one payment of a batch ------------------------------------------------------------------
def put_on_the_way(*, refund_id):
    """It is in an approved batch."""
    with transaction.atomic():
        status.move(Refund.objects.locked(refund_id), Status.SENT)


def pay(*, refund_id, at):
    """The bank has paid it."""
    with transaction.atomic():
        _done(Refund.objects.locked(refund_id), at)


def owe_again(*, refund_id, reason, at):
    """The bank did not take it, or sent it back."""
    with transaction.atomic():
        _came_back(Refund.objects.locked(refund_id), reason, at)


# --- by the provider ---------------------------------------------------------------------------------------
def decline(*, refund_id, failure, at) -> Refund:
    """The provider would not take it at all."""
    with transaction.atomic():
        refund = Refund.objects.locked(refund_id)
        if refund.status == Status.DUE and not refund.is_stuck:
            refund.due_at = None
            refund.save(update_fields=["due_at"])
            _came_back(refund, failure, at)
    return refund


def send_again(*, refund_id, by, at) -> Refund:
    """Finance has seen why it came back and sends it once more."""
    with transaction.atomic():
        refund = Refund.objects.locked(refund_id)
        if not refund.is_stuck:
            raise CannotRefund(_("该退款不需要重新发起。"))
        before = refund.failure
        refund.failure, refund.provider_id, refund.due_at = "", "", None if refund.is_by_bank else at
        refund.save(update_fields=["failure", "provider_id", "due_at"])
        audit.record(refund, "refund.sent_again", by=by, before={"failure": before}, after={"failure": ""})
    return refund


def postpone(*, refund_id, at) -> None:
    """The provider did not answer; a little later again."""
    with transaction.atomic():
        refund = Refund.objects.locked(refund_id)
        if refund.due_at is not None:
            refund.due_at = at + WAITS[min(refund.tries, len(WAITS)) - 1]
            refund.save(update_fields=["due_at"])
