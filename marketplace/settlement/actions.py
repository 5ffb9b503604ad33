"""Closing the books of a period: what each provider is paid and each programme has redeemed."""

from collections import defaultdict

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from marketplace.billing.models import BillLine, BillPart
from marketplace.funding.sources import source
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.settlement.models import Statement, StatementLine
from portal.audit import actions as audit
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal

SETTLEMENT_LOCK = 0x5E771E


def close(*, until, by, at) -> list[Statement]:
    """Settle every bill line before the watermark that no statement holds yet. A second run settles nothing."""
    if until > at:
        raise Refusal(_("结算截止时间不能晚于现在。"), code="watermark_in_future", field="until")
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Without this lock, two closers could both see the same open lines.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETTLEMENT_LOCK])
        return _close_providers(until, by, at) + _close_programmes(until, by, at)


def _settled(kind, **match):
    return Exists(StatementLine.objects.filter(kind=kind, **match))


def _close_providers(until, by, at):
    lines = (
        BillLine.objects.filter(billed_at__lt=until, gross__gt=0)
        .exclude(_settled(Statement.Kind.PROVIDER, bill_line=OuterRef("pk")))
        .select_related("provider__organization")
        .order_by("id")
    )
    by_provider = defaultdict(list)
    for line in lines:
        by_provider[line.provider].append(line)
    return [
        _statement(
            Statement.Kind.PROVIDER,
            party=provider.code,
            title=provider.name,
            organization=provider.organization,
            rows=[(line, line.gross, line.commission) for line in mine],
            accounts=((Kind.PROVIDER_ACCRUED, provider.code), (Kind.PROVIDER_PAYABLE, provider.code)),
            until=until,
            by=by,
            at=at,
        )
        for provider, mine in sorted(by_provider.items(), key=lambda item: item[0].code)
    ]


def _close_programmes(until, by, at):
    parts = (
        BillPart.objects.filter(line__billed_at__lt=until, amount__gt=0)
        .exclude(source="wallet")
        .exclude(_settled(Statement.Kind.PROGRAMME, bill_line=OuterRef("line"), party=OuterRef("payer")))
        .select_related("line")
        .order_by("id")
    )
    by_programme = defaultdict(lambda: defaultdict(int))
    lines = {}
    for part in parts:
        by_programme[part.source, part.payer][part.line_id] += part.amount
        lines[part.line_id] = part.line
    return [
        _statement(
            Statement.Kind.PROGRAMME,
            party=payer,
            title=source(source_code).payer_name(payer),
            organization=None,
            rows=[(lines[line_id], amount, 0) for line_id, amount in amounts.items()],
            accounts=((Kind.SUBSIDY_RECEIVABLE, payer), (Kind.SUBSIDY_ACCRUED, payer)),
            until=until,
            by=by,
            at=at,
        )
        for (source_code, payer), amounts in sorted(by_programme.items())
    ]


def _statement(kind, *, party, title, organization, rows, accounts, until, by, at):
    gross = sum(amount for _line, amount, _c in rows)
    commission = sum(c for _line, _amount, c in rows)
    statement = Statement.objects.create(
        code=new_code("ST"),
        kind=kind,
        party=party,
        title=title,
        organization=organization,
        from_at=min(line.billed_at for line, _a, _c in rows),
        until_at=until,
        line_count=len(rows),
        gross=gross,
        commission=commission,
        net=gross - commission,
        card_seconds=sum(line.cards * line.seconds for line, _a, _c in rows),
        closed_by=by,
        closed_at=at,
    )
    StatementLine.objects.bulk_create(
        StatementLine(statement=statement, bill_line=line, kind=kind, party=party, gross=amount, commission=c)
        for line, amount, c in rows
    )
    debit, credit = accounts
    ledger.post(
        f"statement:{statement.code}",
        kind=Cause.STATEMENT,
        subject=statement.code,
        lines=transfer(statement.net, debit, credit),
        at=at,
    )
    audit.record(statement, "statement.closed", by=by, party=party, gross=gross, net=statement.net)
    return statement
