"""What a month came to, and whether bills and their lines agree."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Count, F, Sum

from marketplace.billing import sql
from marketplace.billing.models import BillLine, BillPart

SOURCES = ("gross", "voucher", "cash", "credit")


def _sums() -> dict:
    return {"line_count": Count("id")} | {name: Sum(name, default=0) for name in SOURCES}


def by_project(bill):
    """What each project used in the month, the dearest first."""
    lines = BillLine.objects.filter(item__bill=bill)
    shares = lines.values(number=F("project__code"), name=F("project__name")).annotate(**_sums())
    return shares.order_by("-gross", "number")


def by_source(bill):
    """Which vouchers and purses paid the month, the most first."""
    parts = BillPart.objects.filter(line__item__bill=bill)
    shares = parts.values("source", "reference", "label").annotate(paid=Sum("amount"))
    return shares.order_by("-paid", "reference")


def unbilled(user, since) -> dict:
    """What was used since then, as far as this person may see it, and stands on no bill yet."""
    return BillLine.objects.visible_to(user).unbilled().filter(billed_at__gte=since).aggregate(**_sums())


LINES_FORGOTTEN = """
    SELECT line.code FROM marketplace_billline line
      LEFT JOIN marketplace_billitem item ON item.line_id = line.id
     WHERE item.id IS NULL
       AND line.billed_at < (SELECT max(month) FROM marketplace_bill) - interval '1 month'
"""


def breaks() -> Iterator[str]:
    """Every bill that is not the sum of its lines, and every line that no bill can take up any more."""
    with connection.cursor() as cursor:
        cursor.execute(sql.BILLS_THAT_FAIL.format(which="true"))
        for (code,) in cursor.fetchall():
            yield f"bill {code}: not the sum of its lines"
        cursor.execute(LINES_FORGOTTEN)
        for (code,) in cursor.fetchall():
            yield f"bill line {code}: on no bill"
