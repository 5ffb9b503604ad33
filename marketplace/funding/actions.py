"""Setting money aside for an order, using it, giving the rest back."""

from dataclasses import dataclass
from itertools import groupby

from django.db import connection, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.funding.models import CreditLine, FundingHold
from marketplace.funding.queries import Quote, credit_line
from marketplace.funding.sources import source
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import Line, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.ledger.queries import balance
from marketplace.pricing.rating import share
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan

PURSE_LOCK = 0x9D25E
CREDIT_APPROVAL = "credit"


class RefundTooHigh(Refusal):
    """More than was paid cannot go back."""

    status = 409
    code = "refund_too_high"


class CannotGrant(Refusal):
    """This credit cannot be granted like this."""

    status = 409
    code = "cannot_grant"


@dataclass(frozen=True)
class Paid:
    """What one hold paid of a captured amount, in fen."""

    hold: FundingHold
    amount: int


def lock_purse(organization):
    """One movement of a firm's money at a time: two postings of one deed would else wait for each other's accounts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PURSE_LOCK, organization.id])


def hold(*, order_code, organization, quote: Quote, by, at) -> list[FundingHold]:
    """Set every part of a quote aside, all or nothing. Raises Refusal; nothing has moved then.

    The caller has locked the purse before it asked for the quote.
    """
    if quote.shortage:
        raise ledger.InsufficientFunds(
            _("可用资金还差 ¥%(shortage)s，资金未发生变动。请充值、加选支付方式或减少用量后重试。")
            % {"shortage": yuan(quote.shortage)}
        )
    with transaction.atomic():
        lines: list[Line] = []
        for code, parts in groupby(quote.parts, key=lambda part: part.source):
            lines += source(code).hold(order_code, list(parts), organization, by, at)
        ledger.post(f"order-held:{order_code}", kind=Cause.ORDER_HELD, subject=order_code, lines=lines, at=at)
        return FundingHold.objects.bulk_create(
            FundingHold(
                organization=organization,
                order_code=order_code,
                position=position,
                source=part.source,
                is_subsidy=source(part.source).is_subsidy,
                reference=part.reference,
                payer=part.payer,
                label=part.label,
                explanation=list(part.explanation),
                amount=part.amount,
                held_at=at,
                paid_at=None if source(part.source).patience else at,
            )
            for position, part in enumerate(quote.parts)
        )


def _locked(order_code):
    holds = list(
        FundingHold.objects.select_for_update(of=("self",), no_key=True)
        .filter(order_code=order_code)
        .select_related("organization")
        .order_by("position")
    )
    if holds:
        lock_purse(holds[0].organization)
    return holds


def capture(*, reference, order_code, amount: int, counterpart: list[Line], at) -> list[Paid]:
    """Pay `amount` in proportion from every hold of an order, to the fen. Once per reference.

    `counterpart` are the legs that receive it: together with the sources' own legs they balance.
    """
    with transaction.atomic():
        holds = _locked(order_code)
        # In proportion to what each has left: taken in many parts, none ever pays more than it held.
        left = [h.amount - h.captured for h in holds]
        shares = share(amount, sum(left), left)
        lines = list(counterpart)
        for row, part in zip(holds, shares, strict=True):
            lines += source(row.source).capture(row.reference, row.organization, part, at)
            row.captured += part
        ledger.post(reference, kind=Cause.ORDER_BILLED, subject=order_code, lines=lines, at=at)
        FundingHold.objects.bulk_update(holds, ["captured"])
    return [Paid(row, part) for row, part in zip(holds, shares, strict=True)]


def release(*, order_code, at) -> int:
    """Give back what is still set aside; the fen given back. Saying it twice changes nothing."""
    with transaction.atomic():
        holds = _locked(order_code)
        lines: list[Line] = []
        total = 0
        for row in holds:
            rest = row.amount - row.captured - row.released
            if row.paid_at:
                lines += source(row.source).release(row.reference, row.organization, rest, at)
            row.released += rest
            total += rest
        if total:
            ledger.post(
                f"order-released:{order_code}",
                kind=Cause.ORDER_RELEASED,
                subject=order_code,
                lines=lines,
                at=at,
            )
            FundingHold.objects.bulk_update(holds, ["released"])
    return total


def refund(*, reference, order_code, amount: int, counterpart: list[Line], at) -> list[Paid]:
    """Give `amount` of what an order paid back to where it came from, in proportion, to the fen. Once per reference.

    `counterpart` are the legs that bear it: together with the sources' own legs they balance. Raises RefundTooHigh.
    """
    with transaction.atomic():
        holds = _locked(order_code)
        paid = [row.captured - row.refunded for row in holds]
        if not 0 < amount <= sum(paid):
            raise RefundTooHigh(_("该订单最多可退 ¥%(most)s。") % {"most": yuan(sum(paid))}, field="amount")
        shares = share(amount, sum(paid), paid)
        lines = list(counterpart)
        for row, part in zip(holds, shares, strict=True):
            lines += source(row.source).refund(row.reference, row.organization, part, at)
            row.refunded += part
        ledger.post(reference, kind=Cause.BILL_REFUNDED, subject=order_code, lines=lines, at=at)
        FundingHold.objects.bulk_update(holds, ["refunded"])
    return [Paid(row, part) for row, part in zip(holds, shares, strict=True)]


def arrived(*, order_code, reference, amount: int, debit: tuple[Kind, str], at) -> bool:
    """The money that a hold waited for is here, and pays it — unless the order gave up or asked for another amount.

    What may not pay is due back to whoever sent it. Whether it pays; saying it twice changes nothing.
    """
    with transaction.atomic():
        holds = {row.reference: row for row in _locked(order_code)}
        row = holds[reference]
        pays = bool(row.paid_at) or (amount == row.amount and not row.released)
        home = Kind.PAID if pays else Kind.REFUND_DUE
        ledger.post(
            f"order-paid:{reference}",
            kind=Cause.ORDER_PAID,
            subject=order_code,
            lines=transfer(amount, debit, (home, reference)),
            at=at,
        )
        if pays and not row.paid_at:
            row.paid_at = at
            row.save(update_fields=["paid_at"])
    return pays


# --- contract credit -----------------------------------------------------------------------------------
def propose_credit(*, organization, contract, limit: int, valid_until, reason, by, at) -> CreditLine:
    """Ask a second person to let a firm owe up to `limit` fen. Raises Refusal."""
    if limit < 0:
        raise Refusal(_("授信额度不能为负数。"), code="amount_not_positive", field="limit")
    if valid_until <= at:
        raise Refusal(_("有效期须晚于现在。"), code="expiry_out_of_range", field="valid_until")
    with transaction.atomic():
        lock_purse(organization)
        if CreditLine.objects.filter(organization=organization, status=CreditLine.Status.PROPOSED).exists():
            raise CannotGrant(_("该企业已有一份待复核的授信，请先复核。"), field="organization")
        line = CreditLine.objects.create(
            code=new_code("CL"),
            organization=organization,
            contract=contract,
            limit=limit,
            valid_until=valid_until,
            reason=reason,
            proposed_by=by,
            proposed_at=at,
        )
        audit.record(line, "credit.proposed", by=by, limit=limit, contract=contract, reason=reason)
        approvals.request(
            kind=CREDIT_APPROVAL,
            subject_code=line.code,
            organization=organization,
            decided_under="credit.manage",
            amount=limit,
            sentence=gettext_noop("给 %(name)s 授信 ¥%(limit)s，合同 %(contract)s"),
            values={"name": organization.name, "limit": yuan(limit), "contract": contract},
            url=line.get_absolute_url(),
            by=by,
            at=at,
        )
    return line


def grant_credit(*, line_id, by, at) -> CreditLine:
    """A second person agreed: the line is in force and replaces the one before. Raises CannotGrant; twice changes nothing."""
    with transaction.atomic():
        line = CreditLine.objects.locked(line_id)
        if line.status == CreditLine.Status.IN_FORCE:
            return line
        lock_purse(line.organization)
        _replace(credit_line(line.organization), line, at)
        _decided(line, CreditLine.Status.IN_FORCE, by)
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop(
                "合同 %(contract)s 的授信额度为 ¥%(limit)s，有效期至 %(day)s，下单时可先用后付"
            ),
            values={
                "contract": line.contract,
                "limit": yuan(line.limit),
                "day": f"{localtime(line.valid_until):%Y-%m-%d}",
            },
            url="/wallet/",
            at=at,
            organization=line.organization,
            action="wallet.view",
        )
    return line


def refuse_credit(*, line_id, by, reason, at) -> CreditLine:
    """A second person said no. Saying it twice changes nothing."""
    with transaction.atomic():
        line = CreditLine.objects.locked(line_id)
        if line.status != CreditLine.Status.REFUSED:
            _decided(line, CreditLine.Status.REFUSED, by, refusal=reason)
    return line


def overtake_credit(*, line_id, by, reason, at) -> CreditLine:
    """A second person agreed, but by now the line cannot be granted: whoever proposed it hears why."""
    with transaction.atomic():
        line = refuse_credit(line_id=line_id, by=by, reason=reason, at=at)
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop("给 %(name)s 的授信 %(code)s 未能生效：%(reason)s"),
            values={"name": line.organization.name, "code": line.code, "reason": reason},
            url=line.get_absolute_url(),
            at=at,
            user=line.proposed_by,
        )
    return line


def _decided(line, to, by, **facts):
    before = line.status
    status.move(line, to, **facts)
    audit.record(
        line,
        f"credit.{to}",
        by=by,
        before=before,
        after=to,
        limit=line.limit,
        contract=line.contract,
        **facts,
    )


def _replace(before, line, at):
    owner = line.organization.code
    more = line.limit - (before.limit if before else 0)
    granted, free = (Kind.CREDIT_GRANTED, owner), (Kind.CREDIT_FREE, owner)
    try:
        ledger.post(
            f"credit-line:{line.code}",
            kind=Cause.CREDIT_LINE,
            subject=line.code,
            lines=transfer(more, granted, free) if more > 0 else transfer(-more, free, granted),
            at=at,
        )
    except ledger.InsufficientFunds as short:
        taken = before.limit - balance(Kind.CREDIT_FREE, owner)
        raise CannotGrant(
            _("该企业已占用授信 ¥%(taken)s，新额度不能低于它。") % {"taken": yuan(taken)}, field="limit"
        ) from short
    if before:
        status.move(before, CreditLine.Status.REPLACED)
