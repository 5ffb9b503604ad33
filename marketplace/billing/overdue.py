"""What is owed is paid; what is not paid in time is asked for, step by step."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.billing.models import Bill
from marketplace.funding import actions as funding
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import InsufficientFunds, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.ledger.queries import balance
from marketplace.orders import actions as orders
from marketplace.orders.models import Order
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.money import yuan

SENTENCES = {
    Bill.Status.REMINDED: gettext_noop("账单 %(code)s 已逾期，待还 ¥%(due)s，请尽快还款"),
    Bill.Status.STOPPED: gettext_noop("账单 %(code)s 逾期未还 ¥%(due)s，已停止新订单，还清后立即恢复"),
    Bill.Status.SUSPENDED: gettext_noop(
        "账单 %(code)s 逾期未还 ¥%(due)s，运行中的作业正在停止，还清后立即恢复；%(release_on)s 仍未还清，为您保留的订单与卡将释放"
    ),
    Bill.Status.RELEASED: gettext_noop(
        "账单 %(code)s 逾期未还 ¥%(due)s，为您保留的订单与卡已释放；冻结的资金已退回，还清后可重新下单"
    ),
    Bill.Status.PAID: gettext_noop("账单 %(code)s 已结清，支付 ¥%(paid)s"),
}
STOPPING = (Bill.Status.STOPPED, Bill.Status.SUSPENDED, Bill.Status.RELEASED)
STEPS = (Bill.Status.REMINDED, *STOPPING)


def pay(*, bill_id, by, at) -> Bill:
    """Pay a bill from the prepaid balance; what it stopped goes on. Saying it twice pays once. Raises InsufficientFunds."""
    with transaction.atomic():
        bill = Bill.objects.locked(bill_id)
        if bill.status == Bill.Status.PAID:
            return bill
        owner = bill.organization.code
        funding.lock_purse(bill.organization)
        amount = _still_owed(bill)
        freed = min(amount, balance(Kind.CREDIT_USED, owner))
        try:
            ledger.post(
                f"bill-paid:{bill.code}",
                kind=Cause.BILL_PAID,
                subject=bill.code,
                lines=transfer(amount, (Kind.PREPAID, owner), (Kind.RECEIVABLE, owner))
                + transfer(freed, (Kind.CREDIT_USED, owner), (Kind.CREDIT_FREE, owner)),
                at=at,
            )
        except InsufficientFunds as short:
            raise InsufficientFunds(
                _("可用余额 ¥%(have)s，还需 ¥%(due)s。请先充值再还款。")
                % {"have": yuan(balance(Kind.PREPAID, owner)), "due": yuan(amount)}
            ) from short
        _move(bill, Bill.Status.PAID, by=by, at=at, paid=amount, paid_at=at)
        if not Bill.objects.filter(organization=bill.organization, status__in=STOPPING).exists():
            orders.let_buy(organization=bill.organization)
    return bill


def _still_owed(bill) -> int:
    # A refund since then may have made it less; the next bill brings the difference forward.
    return min(bill.due, balance(Kind.RECEIVABLE, bill.organization.code))


def follow(*, bill_id, at) -> Bill:
    """Collect a bill on its day where the balance reaches; after it, take the next step. Each step once."""
    with transaction.atomic():
        bill = Bill.objects.locked(bill_id)
        days = (timezone.localdate(at) - bill.due_on) // timedelta(days=1)
        if bill.status == Bill.Status.PAID or days < 0:
            return bill
        if balance(Kind.PREPAID, bill.organization.code) >= _still_owed(bill):
            return pay(bill_id=bill.id, by=None, at=at)
        for step in STEPS:
            if step in Bill.NEXT[bill.status] and days >= settings.OVERDUE_DAYS[step]:
                _move(bill, step, by=None, at=at)
                if step == Bill.Status.STOPPED:
                    orders.stop_buying(organization=bill.organization, bill_code=bill.code, at=at)
                if step == Bill.Status.SUSPENDED:
                    _stop(bill, Order.objects.exclude(status__in=Order.WAITING), at)
                if step == Bill.Status.RELEASED:
                    _stop(bill, Order.objects.all(), at)
                break
    return bill


def _stop(bill, rows, at):
    for order in rows.filter(organization=bill.organization).open().order_by("id"):
        orders.stop(order_id=order.id, reason="overdue", at=at)


def _move(bill, to, *, by, at, **facts):
    before = bill.status
    status.move(bill, to, **facts)
    audit.record(bill, f"bill.{to}", by=by, before=before, after=to, due=bill.due, paid=bill.paid)
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=SENTENCES[to],
        values={
            "code": bill.code,
            "due": yuan(bill.due),
            "paid": yuan(bill.paid),
            "release_on": f"{bill.due_on + timedelta(settings.OVERDUE_DAYS[Bill.Status.RELEASED]):%Y-%m-%d}",
        },
        url=bill.get_absolute_url(),
        at=at,
        organization=bill.organization,
        action="bills.pay",
    )
