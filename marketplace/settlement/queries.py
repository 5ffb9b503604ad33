"""Whether the books hold, to the fen; and what is not yet settled."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Exists, F, OuterRef, Sum
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from marketplace.bank import queries as bank
from marketplace.bank.models import BankLine
from marketplace.billing import queries as billing
from marketplace.billing.models import BillLine, BillPart
from marketplace.funding.models import FundingHold
from marketplace.funding.sources import all_sources
from marketplace.invoices import queries as invoices
from marketplace.ledger import queries as ledger
from marketplace.ledger.models import Entry, Kind
from marketplace.ledger.queries import totals_by_owner
from marketplace.orders.models import Order
from marketplace.payments import queries as payments
from marketplace.payments.models import Refund
from marketplace.settlement import sql
from marketplace.settlement.models import Adjustment, SettlementRun, Statement, StatementLine
from portal.shell.codes import codes_in
from portal.shell.money import yuan

LONGEST_TRANSACTION = timedelta(days=1)


def open_since():
    """The moment before which every bill has been settled: the last watermark, but for what was just being written then."""
    last = SettlementRun.objects.order_by("-until_at").values_list("until_at", flat=True).first()
    return last - LONGEST_TRANSACTION if last else datetime(2020, 1, 1, tzinfo=UTC)


def unsettled():
    """Bill lines that no provider statement holds yet."""
    held = StatementLine.objects.filter(kind=Statement.Kind.PROVIDER, bill_line=OuterRef("pk"))
    recent = BillLine.objects.filter(billed_at__gte=open_since())
    return recent.exclude(gross=0).exclude(Exists(held))


def carried_over(run_id) -> dict[tuple[str, str, str], int]:
    """What each party's last statement before this run left below zero, by its account."""
    keys = ("kind", "party", "clause")
    rows = Statement.objects.exclude(run=run_id).order_by(*keys, "-id").distinct(*keys)
    return {statement.account: statement.due for statement in rows if statement.due < 0}


class Corrections:
    """Adjustments and released retentions that the next statements take with them, by provider."""

    def __init__(self, adjustments, retentions):
        self.adjustments, self.retentions = adjustments, retentions

    @classmethod
    def waiting(cls) -> "Corrections":
        adjustments, retentions = defaultdict(list), defaultdict(list)
        for row in Adjustment.objects.untaken().select_related("organization__provider").order_by("id"):
            adjustments[row.organization.provider.code].append(row)
        for row in Statement.objects.released().order_by("id"):
            retentions[row.party].append(row)
        return cls(adjustments, retentions)

    @property
    def parties(self) -> set[str]:
        return self.adjustments.keys() | self.retentions.keys()

    def adjusted(self, party) -> int:
        return sum(row.amount for row in self.adjustments.get(party, ()))

    def released(self, party) -> int:
        return sum(row.retention for row in self.retentions.get(party, ()))


def past_totals(run_id) -> dict[str, list[int]]:
    """Each provider's totals before this run, the newest first."""
    past = defaultdict(list)
    rows = Statement.objects.providers().exclude(run=run_id).order_by("-id")
    for party, gross in rows.values_list("party", "gross"):
        past[party].append(gross)
    return past


def over_capacity(run_id) -> dict[str, list[dict]]:
    """The hours of a run in which a provider's pool was billed for more cards than it has."""
    found = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(sql.OVER_CAPACITY, {"run": run_id})
        for provider, pool, hour, used, capacity in cursor.fetchall():
            when = f"{localtime(hour):%Y-%m-%d %H:00}"
            found[provider].append({"pool": pool, "hour": when, "used": used, "capacity": capacity})
    return found


def breaks() -> list[str]:
    """Everything in which orders, holds, bills, statements and the ledger disagree; empty when the books hold."""
    return [
        *ledger.breaks(),
        *bank.breaks(),
        *payments.breaks(),
        *billing.breaks(),
        *invoices.breaks(),
        *_order_breaks(),
        *_party_breaks(),
        *_run_breaks(),
        *(found for source in all_sources() for found in source.breaks()),
    ]


def _order_breaks():
    held = {
        row["order_code"]: row
        for row in FundingHold.objects.values("order_code").annotate(
            held=Sum("amount"), used=Sum("captured"), refunded=Sum("refunded"), back=Sum("released")
        )
    }
    parts = BillPart.objects.exclude(source=BillPart.ON_ACCOUNT)
    billed = {
        row["line__order__code"]: row["total"]
        for row in parts.values("line__order__code").annotate(total=Sum("amount"))
    }
    nothing = {"held": 0, "used": 0, "refunded": 0, "back": 0}
    for code, state, amount, total in Order.objects.values_list(
        "code", "status", "amount", "billed_amount"
    ).iterator():
        holds = held.pop(code, nothing)
        is_open = state in Order.OPEN
        if holds["held"] != amount:
            yield f"order {code}: amount {amount}, holds {holds['held']}"
        if not is_open and holds["used"] + holds["back"] != amount:
            yield f"order {code}: closed with {amount - holds['used'] - holds['back']} fen still held"
        kept = holds["used"] - holds["refunded"]
        if kept != billed.get(code, 0) or (not is_open and (total or 0) != kept):
            yield f"order {code}: billed {billed.get(code, 0)}, order says {total}, captured {kept}"
    for code in sorted(held):
        yield f"hold without an order: {code}"


def _party_breaks():
    lines = BillLine.objects.values("provider__code").annotate(
        provider=Sum("provider_amount"), commission=Sum("commission")
    )
    by_provider = {row["provider__code"]: row["provider"] for row in lines}
    commission = sum(row["commission"] for row in lines)
    by_programme = {
        row["payer"]: row["total"]
        for row in BillPart.objects.filter(is_subsidy=True).values("payer").annotate(total=Sum("amount"))
    }
    closed = {
        (row["kind"], row["party"]): row["total"]
        for row in Statement.objects.values("kind", "party").annotate(total=Sum("net"))
    }
    provider_closed = {party: net for (kind, party), net in closed.items() if kind == Statement.Kind.PROVIDER}
    programme_closed = {
        party: net for (kind, party), net in closed.items() if kind == Statement.Kind.PROGRAMME
    }
    billing, statement = ["order-billed", "late-usage", "bill-refunded"], ["statement"]
    yield from ledger.differences(
        "provider accrued", totals_by_owner(Kind.PROVIDER_ACCRUED, journal_kinds=billing), by_provider
    )
    yield from ledger.differences(
        "subsidy accrued", totals_by_owner(Kind.SUBSIDY_ACCRUED, journal_kinds=billing), by_programme
    )
    yield from ledger.differences(
        "provider payable", totals_by_owner(Kind.PROVIDER_PAYABLE, journal_kinds=statement), provider_closed
    )
    kinds = {
        Kind.PROVIDER_PAYABLE: Statement.Kind.PROVIDER,
        Kind.SUBSIDY_RECEIVABLE: Statement.Kind.PROGRAMME,
    }
    for account, kind in kinds.items():
        yield from ledger.differences(f"{kind} owed", _nonzero(totals_by_owner(account)), _owed(kind))
    yield from ledger.differences(
        "retention", _nonzero(totals_by_owner(Kind.PROVIDER_RETENTION)), _retained()
    )
    statements = Statement.objects.filter(status=Statement.Status.APPROVED).values_list("code", "due")
    refunds = Refund.objects.by_bank().filter(status=Refund.Status.SENT).values_list("code", "amount")
    on_the_way = dict(statements) | dict(refunds)
    yield from ledger.differences("payout", _nonzero(totals_by_owner(Kind.PAYOUT)), on_the_way)
    yield from ledger.differences(
        "subsidy receivable",
        totals_by_owner(Kind.SUBSIDY_RECEIVABLE, journal_kinds=statement),
        programme_closed,
    )
    earned = sum(totals_by_owner(Kind.COMMISSION).values())
    if earned != commission:
        yield f"commission: ledger {earned}, bills say {commission}"


def _nonzero(totals: dict[str, int]) -> dict[str, int]:
    return {owner: total for owner, total in totals.items() if total}


def _owed(kind) -> dict[str, int]:
    """What is still to be paid to each party of a kind, or by it; and what was left below zero last."""
    gone = [Statement.Status.APPROVED, Statement.Status.PAID]
    open_rows = Statement.objects.filter(kind=kind, due__gt=0).exclude(status__in=gone).order_by()
    owed = Counter(dict(open_rows.values_list("party").annotate(Sum("due"))))
    for (of_kind, party, _clause), due in carried_over(None).items():
        owed[party] += due if of_kind == kind else 0
    if kind == Statement.Kind.PROVIDER:
        waiting = Corrections.waiting()
        for party in waiting.parties:
            owed[party] += waiting.adjusted(party) + waiting.released(party)
    return _nonzero(owed)


def treasury_findings(lines) -> list[tuple[BankLine, Statement | None, str]]:
    """Arrivals that name a treasury's statement: which one they pay to the fen, or what does not fit, in words."""
    named = {line: numbers for line in lines if (numbers := sorted(codes_in(line.remark, "ST")))}
    codes = {number for numbers in named.values() for number in numbers}
    statements = {s.code: s for s in Statement.objects.filter(code__in=codes, kind=Statement.Kind.PROGRAMME)}
    return [(line, *_judged(line, numbers, statements)) for line, numbers in named.items()]


def _judged(line, numbers, statements):
    if len(numbers) > 1:
        return None, _("附言有多个结算单号")
    statement = statements.get(numbers[0])
    if statement is None:
        return None, _("没有补贴结算单 %(code)s") % {"code": numbers[0]}
    values = {"code": statement.code, "ours": yuan(statement.due), "theirs": yuan(line.amount)}
    if line.amount != statement.due:
        return None, _("结算单 %(code)s 应付 ¥%(ours)s，银行为 ¥%(theirs)s") % values
    if statement.status == Statement.Status.PAID:
        return None, _("结算单 %(code)s 此前已到账") % values
    return statement, ""


def treasury_lines():
    """Arrivals that nobody has settled and that name a statement."""
    return BankLine.objects.waiting().filter(amount__gt=0, remark__icontains="ST").order_by("id")


def _retained() -> dict[str, int]:
    kept = Statement.objects.providers().filter(retention_released_at=None, retention__gt=0).order_by()
    return dict(kept.values_list("party").annotate(Sum("retention")))


def _run_breaks() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql.PASSED_OVER)
        for (code,) in cursor.fetchall():
            yield f"bill {code}: before the last watermark and on no statement"
        cursor.execute(sql.ALTERED)
        for (code,) in cursor.fetchall():
            yield f"statement {code}: its lines are not those it was made of"


def totals() -> dict[str, int]:
    """The books in a few figures, in fen, for the page and for check_books."""
    by_kind = {
        row["account__kind"]: row["total"]
        for row in Entry.objects.values("account__kind").annotate(total=Sum(F("amount") * F("account__side")))
    }
    return {str(Kind(kind).label): by_kind.get(kind, 0) for kind in Kind.values}
