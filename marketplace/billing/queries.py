"""What a month came to, and whether bills and their lines agree."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.db.models import Count, Exists, F, Min, OuterRef, Q, Sum
from django.utils.translation import gettext as _

from federation.usage.models import UsageRecord
from marketplace.billing import sql
from marketplace.billing.models import Bill, BillLine, BillPart
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import differences, totals_by_owner
from marketplace.orders.models import Order
from scheduler.workloads.models import Workload

# How long a reading may take to come in; the meters' own stores keep no longer.
LATEST = timedelta(days=92)
SOURCES = ("gross", "voucher", "cash", "credit")


def _sums() -> dict:
    return {"line_count": Count("id")} | {name: Sum(name, default=0) for name in SOURCES}


def by_project(bill):
    """What each project used in the month, the dearest first."""
    lines = BillLine.objects.filter(item__bill=bill)
    shares = lines.values(number=F("project__code"), name=F("project__name")).annotate(**_sums())
    return shares.order_by("-gross", "number")


def by_source(bill) -> list[dict]:
    """Which vouchers and purses paid the month, the most first; a purse has no number."""
    parts = BillPart.objects.filter(line__item__bill=bill)
    shares = parts.values_list("source", "reference", "label").annotate(paid=Sum("amount"))
    return [
        {"label": _(label), "number": "" if source == "wallet" else reference, "paid": paid}
        for source, reference, label, paid in shares.order_by("-paid", "reference")
    ]


def unbilled(user, since) -> dict:
    """What was used since then, as far as this person may see it, and stands on no bill yet."""
    return BillLine.objects.visible_to(user).unbilled().filter(billed_at__gte=since).aggregate(**_sums())


def late_readings(at):
    """Final readings of closed orders that no line bills yet, and corrections of those that one does."""
    closed = Order.objects.exclude(status__in=Order.OPEN).values("code")
    ended = Workload.objects.filter(order_code__in=closed, code=OuterRef("workload_code"))
    recent = UsageRecord.objects.final().filter(recorded_at__gte=at - LATEST, bill_line=None)
    # A correction waits until what it corrects is billed.
    is_first = Q(corrects=None) | Q(corrects__bill_line__isnull=False)
    return recent.filter(is_first & Exists(ended)).order_by("id")


def chain(first):
    """A line and what changed it since; what came late is a line of its own."""
    follows = Q(original=first, kind__in=BillLine.ADJUSTING)
    return BillLine.objects.filter(Q(id=first.id) | follows).order_by()


def last_reading(first) -> UsageRecord:
    """What the meter says of a line by now."""
    line = chain(first).exclude(usage=None).select_related("usage").latest("id")
    return line.usage


def refundable(first) -> int:
    """Fen of a line that are still billed."""
    return chain(first).aggregate(total=Sum("gross"))["total"]


def on_account(first) -> int:
    """Fen of a line and its followers that came when its order was closed."""
    parts = BillPart.objects.filter(line__in=chain(first), source=BillPart.ON_ACCOUNT)
    return parts.aggregate(total=Sum("amount", default=0))["total"]


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
    owed = dict(BillLine.objects.order_by().values_list("organization__code").annotate(Sum("credit")))
    for owner, paid in Bill.objects.order_by().values_list("organization__code").annotate(Sum("paid")):
        owed[owner] -= paid
    yield from differences(Kind.RECEIVABLE, totals_by_owner(Kind.RECEIVABLE), owed)


def unpaid(organization) -> dict:
    """What a firm must still pay on its bills, and until when."""
    bills = Bill.objects.owed().filter(organization=organization)
    return bills.aggregate(due=Sum("due", default=0), due_on=Min("due_on"), count=Count("id"))
