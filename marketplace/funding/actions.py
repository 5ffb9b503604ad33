"""Setting money aside for an order, using it, giving the rest back."""

from dataclasses import dataclass
from itertools import groupby

from django.db import connection, transaction

from marketplace.funding.models import FundingHold
from marketplace.funding.queries import Quote
from marketplace.funding.sources import source
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import Line
from marketplace.ledger.models import Cause
from marketplace.pricing.rating import share

PURSE_LOCK = 0x9D25E


@dataclass(frozen=True)
class Paid:
    """What one hold paid of a captured amount, in fen."""

    hold: FundingHold
    amount: int


def lock_purse(organization):
    """One movement of a firm's money at a time: two postings of one deed would else wait for each other's accounts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PURSE_LOCK, organization.id])


def hold(*, order_code, organization, quote: Quote, at) -> list[FundingHold]:
    """Set every part of a quote aside, all or nothing. Raises Refusal; nothing has moved then.

    The caller has locked the purse before it asked for the quote.
    """
    with transaction.atomic():
        lines: list[Line] = []
        for code, parts in groupby(quote.parts, key=lambda part: part.source):
            lines += source(code).hold(list(parts), organization, at)
        ledger.post(f"order-held:{order_code}", kind=Cause.ORDER_HELD, subject=order_code, lines=lines, at=at)
        return FundingHold.objects.bulk_create(
            FundingHold(
                organization=organization,
                order_code=order_code,
                position=position,
                source=part.source,
                reference=part.reference,
                payer=part.payer,
                label=part.label,
                explanation=list(part.explanation),
                amount=part.amount,
                held_at=at,
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
    """Pay `amount` in proportion from every hold of an order; the last source bears odd fen. Once per reference.

    `counterpart` are the legs that receive it: together with the sources' own legs they balance.
    """
    with transaction.atomic():
        holds = _locked(order_code)
        whole = sum(h.amount for h in holds)
        shares = share(amount, whole, [h.amount for h in holds])
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
