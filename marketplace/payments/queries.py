"""What can be paid with, and what a payer needs to see."""

from io import BytesIO
from urllib.parse import quote

import qrcode
from django.conf import settings
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage

from marketplace.payments import stripe_gateway as gateway
from marketplace.payments.models import Payment

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
