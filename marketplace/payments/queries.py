"""What can be paid with, and what a payer needs to see."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote

import qrcode
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage

from marketplace.funding.models import FundingHold
from marketplace.ledger.models import Account, Cause, Kind
from marketplace.ledger.queries import balance, differences, kept, totals_by_owner
from marketplace.payments import stripe_gateway as gateway
from marketplace.payments.models import BankReceipt, Difference, Payment, ProviderEntry, Refund

Status = Payment.Status


def offered() -> list[str]:
    """The ways to pay of this city, those by the provider first."""
    return [*gateway.methods(), Payment.Method.TRANSFER]


def picture_to_scan(text: str) -> str:
    """A code to hold a phone at, as an image that stands in the page itself."""
    picture = BytesIO()
    qrcode.make(text, image_factory=SvgPathImage).save(picture)
    return "data:image/svg+xml," + quote(picture.getvalue().decode())


def bank_account() -> dict[str, str]:
    """Where transfers go to; empty until the platform's account is set."""
    return settings.BANK_ACCOUNT if settings.BANK_ACCOUNT["number"] else {}


def stages(payment) -> list[dict]:
    """The stage bar of a payment."""
    steps = [{"label": _("发起"), "state": "done", "at": payment.created_at}]
    if payment.is_waiting or payment.status == Status.PAID:
        is_paid = payment.status == Status.PAID
        steps.append({"label": _("支付"), "state": "done" if is_paid else "now", "at": None})
        steps.append({"label": _("到账"), "state": "done" if is_paid else "next", "at": payment.paid_at})
    else:
        steps.append({"label": payment.get_status_display(), "state": "bad", "at": None})
    return steps


# --- whether provider and books agree ------------------------------------------------------------------
@dataclass(frozen=True)
class Standing:
    """Our clearing account beside the provider's own account, in fen."""

    ours: int
    theirs: int
    on_the_way: int
    open_count: int

    @property
    def gap(self) -> int:
        """What the open differences have to explain."""
        return self.ours - self.theirs - self.on_the_way


def standing() -> Standing:
    """Where we and the provider stand now."""
    cny = ProviderEntry.objects.filter(currency=gateway.CURRENCY)
    return Standing(
        ours=balance(Kind.PSP, "stripe"),
        theirs=cny.aggregate(sum=Sum(F("amount") - F("fee")))["sum"] or 0,
        on_the_way=-(payouts_on_the_way().aggregate(sum=Sum("amount"))["sum"] or 0),
        open_count=Difference.objects.open().count(),
    )


def payouts_on_the_way():
    """What the provider has paid out and no line of the bank has shown yet."""
    return ProviderEntry.objects.filter(kind="payout", currency=gateway.CURRENCY, bank_line=None)


# --- what goes back ------------------------------------------------------------------------------------
def due_back(payment) -> int:
    """Fen of this payment that are due back and that no refund has taken up yet."""
    return balance(Kind.REFUND_DUE, payment.code) - _sum(payment.refunds.set_aside())


def goes_to(receipt):
    """The line of the bank that says from which account a transfer came; nothing where none does."""
    line = getattr(receipt, "bank_line", None)
    return line if line and line.counter_account else None


def came_with(payment, amount: int) -> BankReceipt | None:
    """The transfer that brought a payment, if this much of it can go back to where it came from."""
    receipts = BankReceipt.objects.returnable().filter(bank_line__payment=payment, left__gte=amount)
    receipt = receipts.select_related("bank_line").first()
    return receipt if receipt and goes_to(receipt) else None


def overpaid() -> list[Payment]:
    """Payments with something due back that no refund has taken up yet."""
    owners = Account.objects.filter(kind=Kind.REFUND_DUE, balance__gt=0).values("owner")
    return [payment for payment in Payment.objects.filter(code__in=owners) if due_back(payment) > 0]


def given_up(*, at):
    """Payments that are still open though their orders have stopped waiting for them."""
    gone = FundingHold.objects.filter(reference=OuterRef("code"), paid_at=None, released__gt=0)
    waiting = Payment.objects.filter(status__in=Payment.WAITING, purpose=Payment.Purpose.ORDER, pay_by__gt=at)
    return waiting.filter(Exists(gone)).order_by("id")


# --- whether everything agrees -------------------------------------------------------------------------
def breaks() -> Iterator[str]:
    """Where payments, refunds and fees disagree with the ledger."""
    online = Payment.objects.exclude(method=Payment.Method.TRANSFER)
    done = Refund.objects.filter(status=Refund.Status.DONE, receipt=None)
    done = done.exclude(payment__method=Payment.Method.TRANSFER)
    entries = ProviderEntry.objects.filter(currency=gateway.CURRENCY)
    own, others = entries.filter(kind="stripe_fee"), entries.exclude(kind="stripe_fee")
    for name, causes, rows in (
        ("payments", [Cause.ONLINE_PAYMENT, Cause.ORDER_PAID], _sum(online.filter(status=Status.PAID))),
        ("refunds", [Cause.REFUND, Cause.REVERSAL], -_sum(done)),
        ("fees", [Cause.PSP_FEES], _sum(own) - _sum(others, "fee")),
    ):
        booked = sum(totals_by_owner(Kind.PSP, journal_kinds=causes).values())
        if booked != rows:
            yield f"psp {name}: ledger {booked}, rows say {rows}"
    holds = FundingHold.objects.filter(source__in=Payment.Method.values)
    yield from differences(Kind.PAID, kept(Kind.PAID), _still_held(holds))
    yield from differences(Kind.REFUND_DUE, kept(Kind.REFUND_DUE), _still_due(holds))


def _sum(rows, field="amount") -> int:
    return rows.aggregate(sum=Sum(field))["sum"] or 0


def _still_held(holds) -> dict[str, int]:
    """What orders have not used yet of what was paid for them, by payment."""
    left = F("amount") - F("captured") - F("released")
    return dict(holds.exclude(paid_at=None).values_list("reference", left))


def _still_due(holds) -> dict[str, int]:
    """What is still to go back, by what brought it."""
    due = Counter(dict(holds.exclude(paid_at=None).values_list("reference", F("released") + F("refunded"))))
    unused = holds.filter(paid_at=None).values("reference")
    late = Payment.objects.filter(status=Status.PAID, code__in=unused)
    due.update(dict(late.values_list("code", "amount")))
    of_an_order = Q(payment__purpose=Payment.Purpose.ORDER)
    due.update(_by_origin(Refund.objects.set_aside().exclude(of_an_order)))
    gone = Q(status=Refund.Status.DONE) | Q(status=Refund.Status.SENT, receipt__isnull=False)
    due.subtract(_by_origin(Refund.objects.filter(of_an_order & gone)))
    return due


def _by_origin(refunds) -> dict[str, int]:
    origin = Coalesce("payment__code", "receipt__code")
    return dict(refunds.order_by().values_list(origin).annotate(Sum("amount")))
