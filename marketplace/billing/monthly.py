"""One bill a month for each firm."""

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from marketplace.billing import sql
from marketplace.billing.models import Bill
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell.codes import new_code
from portal.shell.money import yuan

BILLS_LOCK = 0xB111


def issue(*, until, at) -> list[Bill]:
    """Bill each firm for what stands on no bill before this first of a month. A second run issues nothing.

    A line that comes later, of whatever month, stands on the next bill.
    """
    month = (timezone.localtime(until) - timedelta(days=1)).date().replace(day=1)
    words = {
        "until": until,
        "month": month,
        "due_on": timezone.localdate(until) + timedelta(days=settings.BILL_DUE_DAYS),
        "at": at,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Without this lock, two sweeps could both see the same lines without a bill.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BILLS_LOCK])
        cursor.execute(sql.FIRMS, words)
        firms = [row[0] for row in cursor.fetchall()]
        codes = [new_code("BI") for _firm in firms]
        cursor.execute(sql.ISSUE, words | {"firms": firms, "codes": codes})
        bills = list(Bill.objects.filter(code__in=codes).select_related("organization").order_by("id"))
        for bill in bills:
            _tell(bill, at)
    return bills


def _tell(bill, at):
    audit.record(bill, "bill.issued", by=None, organization=bill.organization, gross=bill.gross, due=bill.due)
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=gettext_noop("%(month)s 账单已出：应付 ¥%(gross)s，其中待还 ¥%(due)s"),
        values={"month": bill.period, "gross": yuan(bill.gross), "due": yuan(bill.due)},
        url=bill.get_absolute_url(),
        at=at,
        organization=bill.organization,
        action="bills.pay",
    )
