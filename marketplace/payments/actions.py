"""Opening payments, taking over what the provider and the bank say of them, and crediting what arrived."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.funding import actions as funding
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import PLATFORM, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.payments import stripe_gateway as gateway
from marketplace.payments.models import BankReceipt, EventReading, Payment, ProviderEvent, Refund
from marketplace.payments.stripe_gateway import CURRENCY, State
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status, tenancy
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from portal.shell.sweeps import WAITS

# Whose clearing account the provider's money waits on.
STRIPE = "stripe"
Status, Reason, Method = Payment.Status, Payment.Reason, Payment.Method
TIME_TO_PAY = {True: timedelta(hours=2), False: timedelta(days=7)}
# An order gives up before; its payments end with it.
LONGEST_ORDER = timedelta(hours=22)
LEAST, MOST = 100, 99_999_999
LEASE = timedelta(minutes=1)
# The provider tells by itself; in case it is not heard, we ask, at first often.
YOUNG, ASK_YOUNG, ASK_OLD = timedelta(minutes=10), timedelta(minutes=1), timedelta(minutes=10)


class CannotPay(Refusal):
    """Not this amount, or not in this way."""

    code = "cannot_pay"


class KeyReused(Refusal):
    """This key opened a payment of something else before."""

    code = "idempotency_key_reused"


class AlreadyRecorded(Refusal):
    """This line of the bank statement was credited before, with other figures."""

    status = 409
    code = "already_recorded"


def record_bank_receipt(
    *,
    organization,
    bank_reference,
    amount: int,
    received_on,
    debit=(Kind.BANK, PLATFORM),
    payment=None,
    by,
    at,
) -> BankReceipt:
    """Credit a bank transfer to a firm's prepaid balance, or to the payment it was meant for.

    The same bank reference again changes nothing.
    """
    if amount <= 0:
        raise Refusal(_("到账金额必须大于 0。"), code="amount_not_positive", field="amount")
    with transaction.atomic():
        receipt, is_new = BankReceipt.objects.get_or_create(
            bank_reference=bank_reference,
            defaults={
                "code": new_code("RC"),
                "organization": organization,
                "amount": amount,
                "received_on": received_on,
                "recorded_by": by,
                "recorded_at": at,
            },
        )
        if not is_new:
            if (receipt.organization_id, receipt.amount) != (organization.id, amount):
                raise AlreadyRecorded(
                    _("该银行流水号已登记为另一笔到账（%(code)s），请核对银行对账单。")
                    % {"code": receipt.code},
                    field="bank_reference",
                )
            return receipt
        audit.record(receipt, "receipt.recorded", by=by, amount=amount, bank_reference=bank_reference)
        if payment:
            payment = Payment.objects.locked(payment.id)
            _credit(payment, debit, at)
            _paid(payment, at)
            return receipt
        ledger.post(
            f"bank-receipt:{bank_reference}",
            kind=Cause.BANK_RECEIPT,
            subject=receipt.code,
            lines=transfer(amount, debit, (Kind.PREPAID, organization.code)),
            at=at,
        )
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop("对公转账到账 ¥%(amount)s"),
            values={"amount": yuan(amount)},
            url="/wallet/",
            at=at,
            organization=organization,
            action="wallet.view",
        )
    return receipt


# --- payments ------------------------------------------------------------------------------------------
def top_up(*, organization, method, amount: int, idempotency_key, by, at) -> Payment:
    """Open a payment into a firm's prepaid balance. The same key again gives the same payment."""
    return _open(
        Payment.Purpose.TOP_UP,
        organization=organization,
        method=method,
        amount=amount,
        idempotency_key=idempotency_key,
        by=by,
        at=at,
    )


def _open(
    purpose, *, organization, method, amount, idempotency_key, by, at, code="", order_code=""
) -> Payment:
    is_online = method != Method.TRANSFER
    if is_online and method not in gateway.methods():
        raise CannotPay(_("该支付方式尚未开通，请选择对公转账。"), field="method")
    if not LEAST <= amount <= MOST:
        least, most = yuan(LEAST), yuan(MOST)
        raise CannotPay(
            _("金额须在 ¥%(least)s 至 ¥%(most)s 之间。") % {"least": least, "most": most}, field="amount"
        )
    pay_by = at + (TIME_TO_PAY[is_online] if purpose == Payment.Purpose.TOP_UP else LONGEST_ORDER)
    with transaction.atomic():
        payment, is_new = Payment.objects.get_or_create(
            organization=organization,
            idempotency_key=idempotency_key,
            defaults={
                "code": code or new_code("PM"),
                "purpose": purpose,
                "order_code": order_code,
                "method": method,
                "amount": amount,
                "status": Status.CREATED if is_online else Status.OPEN,
                "created_by": by,
                "created_at": at,
                "pay_by": pay_by,
                "due_at": at if is_online else pay_by,
            },
        )
        if is_new:
            audit.record(payment, "payment.opened", by=by, method=method, amount=amount)
    if (payment.purpose, payment.order_code, payment.method, payment.amount) != (
        purpose, order_code, method, amount,
    ):  # fmt: skip
        raise KeyReused(_("该 Idempotency-Key 已用于另一笔支付（%(code)s）。") % {"code": payment.code})
    return payment


def await_order(*, code, order_code, organization, method, amount: int, by, at) -> Payment:
    """Open the payment that a part of an order waits for; it ends with the order's patience, not by its own clock."""
    return _open(
        Payment.Purpose.ORDER,
        organization=organization,
        method=method,
        amount=amount,
        idempotency_key=code,
        by=by,
        at=at,
        code=code,
        order_code=order_code,
    )


def cancel(*, payment_id, by, at) -> Payment:
    """The firm will not pay this: a transfer ends at once, an online payment as soon as the provider agrees."""
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        if payment.purpose == Payment.Purpose.ORDER:
            raise CannotPay(_("订单的付款随订单取消，请在订单页取消订单。"))
        if not payment.is_waiting:
            raise CannotPay(_("该支付已是“%(now)s”，不能取消。") % {"now": payment.get_status_display()})
        before = payment.status
        payment.pay_by, payment.due_at, payment.reason = at, at, Reason.CANCELLED
        payment.save(update_fields=["pay_by", "due_at", "reason"])
        audit.record(payment, "payment.cancelled", by=by, before=before, after=Status.CLOSED)
        if not payment.is_online:
            _move(payment, Status.CLOSED)
    return payment


def stop_waiting(*, payment_id, at) -> None:
    """What it was for is gone: the next sweep closes it, also at the provider."""
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        if payment.is_waiting and payment.pay_by > at:
            payment.pay_by = payment.due_at = at
            payment.save(update_fields=["pay_by", "due_at"])


def take(*, at) -> Payment | None:
    """The next payment that somebody has to look after, for a minute nobody else's."""
    with transaction.atomic():
        payment = (
            Payment.objects.due(at).select_for_update(no_key=True, of=("self",), skip_locked=True).first()
        )
        if payment is not None:
            payment.due_at = at + LEASE
            payment.tries += 1
            payment.save(update_fields=["due_at", "tries"])
    return payment


def note(*, payment_id, seen: gateway.Seen, at) -> Payment:
    """Take over what the provider shows of a payment. Order and number of times do not matter."""
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        payment.provider_id = seen.provider_id
        payment.intent_id = seen.intent_id or payment.intent_id
        payment.pay_url, payment.scan_text, payment.tries = seen.pay_url, seen.scan_text, 0
        payment.due_at = None
        if seen.state == State.DONE:
            _arrived(payment, seen, at)
        elif not payment.is_waiting:
            pass
        elif seen.state == State.OPEN:
            wait = ASK_YOUNG if at - payment.created_at < YOUNG else ASK_OLD
            # Never behind its end, and never at once again.
            payment.due_at = max(min(at + wait, payment.pay_by), at + timedelta(seconds=5))
            if payment.status == Status.CREATED:
                status.move(payment, Status.OPEN)
        elif seen.state == State.FAILED:
            _end(payment, Status.FAILED, Reason.DECLINED)
        else:
            _end(payment, Status.CLOSED, payment.reason or Reason.LATE)
        payment.save(update_fields=["provider_id", "intent_id", "pay_url", "scan_text", "tries", "due_at"])
    return payment


def _arrived(payment, seen, at):
    if payment.status in (Status.PAID, Status.PARKED):
        return
    if (seen.amount, seen.currency) != (payment.amount, CURRENCY):
        reason = Reason.OTHER_CURRENCY if seen.currency != CURRENCY else Reason.OTHER_AMOUNT
        _end(payment, Status.PARKED, reason, amount=seen.amount, currency=seen.currency)
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop("支付 %(code)s 与支付机构所记不符，未入账，请核查"),
            values={"code": payment.code},
            url=payment.get_absolute_url(),
            at=at,
            action="refunds.manage",
        )
        return
    _credit(payment, (Kind.PSP, STRIPE), at)
    _paid(payment, at)


def _credit(payment, debit, at):
    """Money for this payment has come: to the order that waits for it, or into the purse."""
    if payment.purpose == Payment.Purpose.ORDER:
        funding.arrived(
            order_code=payment.order_code,
            reference=payment.code,
            amount=payment.amount,
            debit=debit,
            at=at,
        )
        return
    ledger.post(
        f"payment:{payment.code}",
        kind=Cause.ONLINE_PAYMENT if payment.is_online else Cause.BANK_RECEIPT,
        subject=payment.code,
        lines=transfer(payment.amount, debit, (Kind.PREPAID, payment.organization.code)),
        at=at,
    )


ARRIVED = {
    Payment.Purpose.TOP_UP: gettext_noop("充值到账 ¥%(amount)s"),
    Payment.Purpose.ORDER: gettext_noop("订单付款到账 ¥%(amount)s"),
}


def _paid(payment, at):
    before = payment.status
    status.move(payment, Status.PAID, paid_at=at, reason="", due_at=None)
    audit.record(
        payment, "payment.paid", by=None, before=before, after=Status.PAID, amount=payment.amount,
        method=payment.method,
    )  # fmt: skip
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=ARRIVED[Payment.Purpose(payment.purpose)],
        values={"amount": yuan(payment.amount)},
        url=payment.get_absolute_url(),
        at=at,
        organization=payment.organization,
        action="wallet.view",
    )


def _end(payment, to, reason, **details):
    before = payment.status
    _move(payment, to, reason=reason)
    audit.record(payment, f"payment.{to}", by=None, before=before, after=to, reason=reason, **details)


def _move(payment, to, **fields):
    status.move(payment, to, due_at=None, **fields)


def postpone(*, payment_id, at) -> None:
    """The provider did not answer; a little later again, and never given up before its time is over."""
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        if payment.due_at is not None:
            payment.due_at = at + WAITS[min(payment.tries, 3) - 1]
            payment.save(update_fields=["due_at"])


def give_up(*, payment_id, reason, at) -> Payment:
    """There is nothing at the provider to be paid: it refused, or was never reached in time."""
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        if payment.is_waiting:
            to = Status.FAILED if reason == Reason.REFUSED else Status.CLOSED
            _end(payment, to, payment.reason or reason)
    return payment


# --- what the provider tells by itself -------------------------------------------------------------------
def hear(*, body: bytes, signature: str, at) -> bool:
    """Keep what the provider tells, once, to be read by a sweep. False for what is not its word."""
    with tenancy.citywide():
        try:
            heard = gateway.hear(body, signature)
        except gateway.BadSignature as bad:
            nothing = ProviderEvent(event_id=STRIPE)
            audit.record(nothing, "payment.webhook_refused", by=None, reason=str(bad))
            return False
        ProviderEvent.objects.get_or_create(
            event_id=heard.event_id,
            defaults={"kind": heard.kind, "about": heard.about, "body": body.decode(), "received_at": at},
        )
    return True


def read(*, event_id, at) -> None:
    """An event says only that something moved: whoever it is about is asked about anew."""
    with transaction.atomic():
        event = ProviderEvent.objects.get(id=event_id)
        payments = Payment.objects.filter(code=event.about)
        refunds = Refund.objects.filter(code=event.about)
        is_ours = payments.exists() or refunds.exists()
        payments.exclude(provider_id="").exclude(status__in=(Status.PAID, Status.PARKED)).update(due_at=at)
        refunds.exclude(provider_id="").filter(failure="").update(due_at=at)
        EventReading.objects.get_or_create(
            event=event, defaults={"about": event.about if is_ours else "", "read_at": at}
        )
