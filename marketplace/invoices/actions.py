"""Asking for invoices, taking over what the tax platform says, and taking back what was refunded."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.funding.actions import lock_purse
from marketplace.invoices import gateway, queries
from marketplace.invoices.gateway import State
from marketplace.invoices.models import Invoice, InvoiceTitle
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.credit_code import is_valid
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from portal.shell.sweeps import WAITS

Color, Status = Invoice.Color, Invoice.Status
LEASE = timedelta(minutes=1)
# The platform needs a while; then we ask again.
PENDING = timedelta(minutes=1)
DIGITS = 20


class CannotInvoice(Refusal):
    """No invoice can be asked for like this."""

    code = "cannot_invoice"


class KeyReused(Refusal):
    """This key asked for another invoice before."""

    code = "idempotency_key_reused"


def tax_in(amount: int, rate: Decimal) -> int:
    """The tax in `amount` fen that include it at `rate`, half a fen up (价税分离: tax = amount × rate ÷ (1 + rate))."""
    return int((amount * rate / (1 + rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def request(*, organization, amount: int, address="", bank="", email="", idempotency_key, by, at) -> Invoice:
    """Ask for an invoice over a part of what the firm paid. The same key again gives the same invoice. Raises Refusal."""
    title = {"address": address, "bank": bank, "email": email}
    with transaction.atomic():
        # Two requests of one firm must not both count on the same fen.
        lock_purse(organization)
        earlier = Invoice.objects.filter(organization=organization, idempotency_key=idempotency_key).first()
        if earlier:
            return _same(earlier, amount)
        if not is_valid(organization.credit_code):
            raise CannotInvoice(_("单位的统一社会信用代码未登记或有误，请先完成企业认证。"))
        most = queries.available(organization)
        if not 0 < amount <= most:
            raise CannotInvoice(
                _("可开票金额为 ¥%(most)s，请填写大于 0 且不超过它的金额。") % {"most": yuan(max(most, 0))},
                field="amount",
            )
        InvoiceTitle.objects.update_or_create(organization=organization, defaults=title)
        invoice = _create(
            organization=organization,
            color=Color.BLUE,
            amount=amount,
            buyer_name=organization.name,
            buyer_tax_number=organization.credit_code,
            buyer_address=address,
            buyer_bank=bank,
            email=email,
            idempotency_key=idempotency_key,
            requested_by=by,
            requested_at=at,
        )
        audit.record(invoice, "invoice.requested", by=by, amount=amount, color=invoice.color)
    return invoice


def _same(earlier, amount):
    if earlier.amount != amount:
        raise KeyReused(
            _("该幂等键已用于另一张发票申请（%(code)s）。") % {"code": earlier.code}, field="idempotency_key"
        )
    return earlier


def _create(*, amount, requested_at, **fields) -> Invoice:
    rate = Decimal(settings.INVOICE_TAX_RATE)
    return Invoice.objects.create(
        code=new_code("IN"),
        amount=amount,
        tax=tax_in(amount, rate),
        tax_rate=rate,
        requested_at=requested_at,
        due_at=requested_at,
        **fields,
    )


def redden(*, organization, at) -> list[Invoice]:
    """Ask for red invoices over what went back after it was invoiced, the newest blue ones first. Twice changes nothing."""
    reds = []
    with transaction.atomic():
        lock_purse(organization)
        missing = -queries.available(organization)
        blues = Invoice.objects.select_for_update(of=("self",), no_key=True).filter(
            organization=organization, color=Color.BLUE, status=Status.ISSUED
        )
        for blue in blues.order_by("-id"):
            amount = min(missing, blue.amount - blue.reddened)
            if amount <= 0:
                continue
            blue.reddened += amount
            blue.save(update_fields=["reddened"])
            red = _create(
                organization=organization,
                color=Color.RED,
                original=blue,
                amount=amount,
                buyer_name=blue.buyer_name,
                buyer_tax_number=blue.buyer_tax_number,
                buyer_address=blue.buyer_address,
                buyer_bank=blue.buyer_bank,
                email=blue.email,
                idempotency_key=new_code("IK"),
                requested_at=at,
            )
            audit.record(
                red, "invoice.requested", by=None, amount=amount, color=red.color, original=blue.code
            )
            reds.append(red)
            missing -= amount
    return reds


def take(*, at) -> Invoice | None:
    """The next one to hand in or to ask about, ours alone for a minute."""
    with transaction.atomic():
        rows = Invoice.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).due(at)
        invoice = rows.select_related("original").first()
        if invoice:
            invoice.due_at = at + LEASE
            invoice.save(update_fields=["due_at"])
    return invoice


def note(*, invoice_id, seen: gateway.Seen, at) -> Invoice:
    """Write down what the tax platform shows. Saying it twice changes nothing."""
    with transaction.atomic():
        invoice = Invoice.objects.locked(invoice_id)
        if invoice.status != Status.REQUESTED:
            return invoice
        if seen.state == State.ISSUED:
            _issue(invoice, seen.number, seen.issued_at or at, seen.file_url, by=None, at=at)
        elif seen.state == State.REFUSED:
            _refuse(invoice, seen.refusal, by=None, at=at)
        else:
            invoice.due_at, invoice.tries = at + PENDING, 0
            invoice.save(update_fields=["due_at", "tries"])
    return invoice


def postpone(*, invoice_id, at) -> Invoice:
    """Nobody answered: try again later, less and less often."""
    with transaction.atomic():
        invoice = Invoice.objects.locked(invoice_id)
        if invoice.status == Status.REQUESTED:
            invoice.due_at = at + WAITS[min(invoice.tries, len(WAITS) - 1)]
            invoice.tries += 1
            invoice.save(update_fields=["due_at", "tries"])
    return invoice


def register(*, invoice_id, number: str, by, at) -> Invoice:
    """Finance issued it in the tax office's own portal and writes its number down. Raises Refusal."""
    if not (number.isdigit() and len(number) == DIGITS):
        raise CannotInvoice(_("数电票号码为 20 位数字，请核对。"), field="number")
    with transaction.atomic():
        invoice = Invoice.objects.locked(invoice_id)
        if invoice.status == Status.ISSUED and invoice.number == number:
            return invoice
        if Invoice.objects.filter(number=number).exists():
            raise CannotInvoice(
                _("发票号码 %(number)s 已登记，请核对。") % {"number": number}, field="number"
            )
        _issue(invoice, number, at, "", by=by, at=at)
    return invoice


def refuse(*, invoice_id, refusal: str, by, at) -> Invoice:
    """Finance cannot issue it; its amount may be asked for again. Saying it twice changes nothing."""
    if not refusal:
        raise CannotInvoice(_("请填写原因，申请人会看到。"), field="refusal")
    with transaction.atomic():
        invoice = Invoice.objects.locked(invoice_id)
        if invoice.status != Status.REFUSED:
            lock_purse(invoice.organization)
            _refuse(invoice, refusal, by=by, at=at)
    return invoice


def _issue(invoice, number, issued_at, file_url, *, by, at):
    status.move(invoice, Status.ISSUED, number=number, issued_at=issued_at, file_url=file_url, due_at=None)
    _tell(invoice, by, gettext_noop("发票 %(number)s 已开具：¥%(amount)s"), at, number=number)


def _refuse(invoice, refusal, *, by, at):
    status.move(invoice, Status.REFUSED, refusal=refusal, due_at=None)
    if invoice.original:
        invoice.original.reddened -= invoice.amount
        invoice.original.save(update_fields=["reddened"])
    _tell(invoice, by, gettext_noop("发票申请 %(code)s 未能开具：%(reason)s"), at, reason=refusal)


def _tell(invoice, by, sentence, at, **values):
    audit.record(
        invoice,
        f"invoice.{invoice.status}",
        by=by,
        before=Status.REQUESTED,
        after=invoice.status,
        amount=invoice.amount,
        **values,
    )
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=sentence,
        values={"code": invoice.code, "amount": yuan(invoice.amount), **values},
        url=invoice.get_absolute_url(),
        at=at,
        organization=invoice.organization,
        action="invoices.view",
    )
