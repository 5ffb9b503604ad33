"""How much of what a firm paid has no invoice yet."""

from collections.abc import Iterator

from django.db.models import BigIntegerField, Case, F, Sum, When

from marketplace.billing.models import BillLine
from marketplace.invoices.models import Invoice
from marketplace.ledger.models import Account, Kind
from portal.organizations.models import Organization

SIGNED = Case(
    When(color=Invoice.Color.RED, then=-F("amount")), default=F("amount"), output_field=BigIntegerField()
)


def settled(organization_ids=None) -> dict[int, int]:
    """Fen that firms themselves have paid for what they used, by firm: without vouchers and without what is still owed."""
    lines = BillLine.objects.all()
    if organization_ids is not None:
        lines = lines.filter(organization_id__in=organization_ids)
    paid = {
        row["organization_id"]: row["paid"]
        for row in lines.values("organization_id").annotate(paid=Sum(F("cash") + F("credit"))).order_by()
    }
    codes = dict(Organization.objects.filter(id__in=paid).values_list("code", "id"))
    owed = Account.objects.filter(kind=Kind.RECEIVABLE, owner__in=codes).values_list("owner", "balance")
    for code, balance in owed:
        paid[codes[code]] -= balance
    return paid


def invoiced(organization_ids=None) -> dict[int, int]:
    """Blue minus red in fen by firm, asked for or issued."""
    rows = Invoice.objects.exclude(status=Invoice.Status.REFUSED)
    if organization_ids is not None:
        rows = rows.filter(organization_id__in=organization_ids)
    sums = rows.values("organization_id").annotate(total=Sum(SIGNED)).order_by()
    return {row["organization_id"]: row["total"] for row in sums}


def available(organization) -> int:
    """Fen that may be invoiced now; negative where more has gone back than red invoices say."""
    ids = [organization.id]
    return settled(ids).get(organization.id, 0) - invoiced(ids).get(organization.id, 0)


def over_invoiced() -> dict[int, int]:
    """Firms whose invoices exceed what they paid in the end, and by how much."""
    paid = settled()
    return {
        firm: total - paid.get(firm, 0) for firm, total in invoiced().items() if total > paid.get(firm, 0)
    }


def breaks() -> Iterator[str]:
    """Blue invoices whose red ones do not add up."""
    rows = Invoice.objects.filter(color=Invoice.Color.BLUE).order_by("id")
    taken_back = dict(
        Invoice.objects.filter(color=Invoice.Color.RED)
        .exclude(status=Invoice.Status.REFUSED)
        .values_list("original_id")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    for id, code, reddened in rows.values_list("id", "code", "reddened"):
        if reddened != taken_back.get(id, 0):
            yield f"invoice {code}: reddened {reddened}, red invoices say {taken_back.get(id, 0)}"
