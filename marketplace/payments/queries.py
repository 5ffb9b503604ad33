"""What can be paid with, and what a payer needs to see."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote

import qrcode
from django.conf import settings
from django.db.models import F, Sum
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage

from marketplace.ledger.models import Account, Cause, Kind
from marketplace.ledger.queries import balance, totals_by_owner
from marketplace.payments import stripe_gateway as gateway
from marketplace.payments.models import Difference, Payment, ProviderEntry, Refund

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


def breaks() -> Iterator[str]:
    """Where payments, refunds and fees disagree with the ledger."""
    paid = Payment.objects.filter(status=Status.PAID).exclude(method=Payment.Method.TRANSFER)
    done = Refund.objects.filter(status=Refund.Status.DONE)
    fees = ProviderEntry.objects.filter(currency=gateway.CURRENCY)
    own = -(fees.filter(kind="stripe_fee").aggregate(sum=Sum("amount"))["sum"] or 0)
    kept = own + (fees.exclude(kind="stripe_fee").aggregate(sum=Sum("fee"))["sum"] or 0)
    for name, causes, rows in (
        ("payments", [Cause.ONLINE_PAYMENT, Cause.ORDER_PAID], paid.aggregate(sum=Sum("amount"))["sum"] or 0),
        ("refunds", [Cause.REFUND, Cause.REVERSAL], -(done.aggregate(sum=Sum("amount"))["sum"] or 0)),
        ("fees", [Cause.PSP_FEES], -kept),
    ):
        booked = sum(totals_by_owner(Kind.PSP, journal_kinds=causes).values())
        if booked != rows:
            yield f"psp {name}: ledger {booked}, rows say {rows}"
    waiting = Refund.objects.filter(status__in=(Refund.Status.DUE, Refund.Status.SENT))
    due = dict(waiting.values_list("organization__code").annotate(Sum("amount")).order_by())
    held = dict(Account.objects.filter(kind=Kind.REFUND_DUE).values_list("owner", "balance"))
    for owner in sorted(due.keys() | held.keys()):
        if due.get(owner, 0) != held.get(owner, 0):
            yield f"refund due {owner}: ledger {held.get(owner, 0)}, refunds say {due.get(owner, 0)}"
