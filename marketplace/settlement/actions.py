"""Closing the books of a period: what each provider is paid and each programme has redeemed."""

import json
from dataclasses import asdict
from datetime import UTC, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from federation.providers.models import Provider
from marketplace.billing.models import BillPart
from marketplace.funding.sources import source
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import PLATFORM, Line, Posting, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.settlement import answers, queries, sql
from marketplace.settlement.amounts import Amounts, Deal, Period, amounts, is_a_leap, months_later
from marketplace.settlement.models import Adjustment, SettlementRun, Statement, Terms
from portal.audit import actions as audit
from portal.audit import chain
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal

SETTLEMENT_LOCK = 0x5E771E
FIGURES = ("penalty", "tax", "retention", "carried", "adjusted", "released", "due")


def close(*, until, by, at) -> list[Statement]:
    """Settle every bill line before the watermark that no statement holds yet. A second run settles nothing."""
    if until > at:
        raise Refusal(_("结算截止时间不能晚于现在。"), code="watermark_in_future", field="until")
    with transaction.atomic(), connection.cursor() as cursor:
        # Without this lock, two closers could both see the same open lines.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETTLEMENT_LOCK])
        cursor.execute("SELECT nextval(pg_get_serial_sequence('marketplace_settlementrun', 'id'))")
        (run_id,) = cursor.fetchone()
        moment = {
            "since": queries.open_since(),
            "until": until,
            "run": run_id,
            "by": by.id if by else None,
            "at": at,
        }
        corrections = queries.Corrections.waiting()
        drafts = _draft(sql.CLOSE_PROVIDERS, _providers(), moment)
        drafts += _draft_corrections(corrections, drafts, moment)
        drafts += _draft(sql.CLOSE_PROGRAMMES, _programmes(moment["since"]), moment)
        if not drafts:
            return []
        _account(run_id, until, drafts, by, at)
        _work_out(run_id, until, drafts, corrections, at)
        ledger.post_all([_posting(statement) for statement in drafts])
        for statement in drafts:
            audit.record(
                statement,
                "statement.closed",
                by=by,
                party=statement.party,
                gross=statement.gross,
                net=statement.net,
                status=statement.status,
            )
            _tell(statement, at)
    return drafts


def _providers():
    """Whoever may be owed something: (party, no clause, title, organisation)."""
    rows = Provider.objects.values_list("code", "name", "organization")
    return [(code, "", name, organization) for code, name, organization in rows]


def _programmes(since):
    """Whoever may have paid for somebody, clause by clause: (party, clause, title, no organisation)."""
    parts = BillPart.objects.filter(is_subsidy=True, line__billed_at__gte=since).order_by()
    payers = parts.values_list("payer", "clause", "source").distinct()
    return [(payer, clause, source(code).payer_name(payer), None) for payer, clause, code in payers]


def _draft(statement, parties, moment) -> list[Statement]:
    if not parties:
        return []
    names, clauses, titles, organizations = (list(column) for column in zip(*parties))
    codes = [new_code("ST") for _party in parties]
    words = {"parties": names, "clauses": clauses, "titles": titles, "organizations": organizations}
    with connection.cursor() as cursor:
        cursor.execute(statement, words | {"codes": codes} | moment)
    return list(Statement.objects.filter(code__in=codes).order_by("id"))


def _draft_corrections(corrections, drafts, moment) -> list[Statement]:
    """Whoever sold nothing but has something to get or give back, gets a statement of that."""
    missing = corrections.parties - {statement.party for statement in drafts}
    return [
        Statement.objects.create(
            code=new_code("ST"),
            kind=Statement.Kind.PROVIDER,
            run_id=moment["run"],
            party=provider.code,
            title=provider.name,
            organization_id=provider.organization_id,
            from_at=moment["until"],
            until_at=moment["until"],
            line_count=0,
            card_seconds=0,
            gross=0,
            net=0,
            due=0,
            closed_by_id=moment["by"],
            closed_at=moment["at"],
        )
        for provider in Provider.objects.filter(code__in=missing).order_by("code")
    ]


def _account(run_id, until, drafts, by, at):
    """The control totals: what the bills and the meters say against what the statements say."""
    with connection.cursor() as cursor:
        cursor.execute(sql.TOTALS, {"run": run_id})
        totals = dict(zip([column.name for column in cursor.description], cursor.fetchone()))
    last = SettlementRun.objects.order_by("-until_at").first()
    SettlementRun.objects.create(
        id=run_id,
        code=new_code("SR"),
        from_at=last.until_at if last else None,
        until_at=until,
        statement_count=len(drafts),
        stated=sum(s.gross for s in drafts if s.kind == Statement.Kind.PROVIDER),
        closed_by=by,
        closed_at=at,
        **totals,
    )


# --- a provider's figures ------------------------------------------------------------------------------
def _work_out(run_id, until, drafts, corrections, at):
    """Turn drafts into statements that stand: deductions, what is carried over, and whether somebody has to look first."""
    last_day = localdate(until - timedelta(microseconds=1))
    terms = {row.provider.code: row for row in Terms.objects.in_force(last_day).select_related("provider")}
    carried, past = queries.carried_over(run_id), queries.past_totals(run_id)
    crowded = queries.over_capacity(run_id)
    for statement in drafts:
        brought = {"carried": carried.get(statement.account, 0)}
        if statement.kind == Statement.Kind.PROVIDER:
            brought |= _take(corrections, statement)
            fields = _provider_fields(statement, terms.get(statement.party), brought)
            fields["parked_for"] = _doubts(statement, past, crowded)
            fields["answer_by"] = at + timedelta(days=settings.STATEMENT_ANSWER_DAYS)
        else:
            fields = brought | {"due": statement.net + brought["carried"]}
        fields["digest"] = _digest(statement, fields)
        is_parked = bool(fields.get("parked_for"))
        status.move(statement, Statement.Status.PARKED if is_parked else Statement.Status.OFFERED, **fields)


def _take(corrections, statement) -> dict[str, int]:
    """What waited stands on this statement now; what it comes to."""
    adjustments = [row.id for row in corrections.adjustments.get(statement.party, ())]
    retentions = [row.id for row in corrections.retentions.get(statement.party, ())]
    Adjustment.objects.filter(id__in=adjustments).update(taken_with=statement)
    Statement.objects.filter(id__in=retentions).update(retention_paid_with=statement)
    return {
        "adjusted": corrections.adjusted(statement.party),
        "released": corrections.released(statement.party),
    }


def _provider_fields(statement, terms, brought) -> dict:
    worked = _amounts(statement, terms.deal if terms else Deal(), brought)
    fields = asdict(worked) | brought | {"terms": terms}
    if worked.retention:
        end = localdate(statement.until_at)
        fields["retention_due_on"] = months_later(end, terms.retention_months)
    return fields


def _amounts(statement, deal, brought) -> Amounts:
    period = Period(
        gross=statement.gross,
        commission=statement.commission,
        delivered=statement.card_seconds,
        failed=statement.failed_card_seconds,
        **brought,
    )
    return amounts(period, deal)


def _doubts(statement, past, crowded) -> list[dict]:
    """Why a person has to look before this is paid; empty when nothing stands out."""
    doubts = [{"code": "over_capacity", "values": hour} for hour in crowded.get(statement.party, [])]
    before = past.get(statement.party, [])[: settings.SETTLEMENT_PERIODS_COMPARED]
    if is_a_leap(
        statement.gross,
        before,
        most=settings.SETTLEMENT_MOST_CHANGE,
        least_periods=settings.SETTLEMENT_LEAST_PERIODS,
    ):
        doubts.append({"code": "leap", "values": {"gross": statement.gross, "past": before}})
    return doubts


def _digest(statement, fields) -> str:
    """The same bills under the same terms give the same digest."""
    terms = fields.get("terms")
    said = {
        "party": statement.party,
        "until": statement.until_at.astimezone(UTC).isoformat(),
        "lines": statement.lines_digest,
        "gross": statement.gross,
        "commission": statement.commission,
        "terms": terms.code if terms else "",
        **{name: str(fields.get(name, 0)) for name in FIGURES},
    }
    return chain.digest_of("", json.dumps(said, sort_keys=True))


def _posting(statement) -> Posting:
    """What was earned or spent becomes what is owed."""
    party = statement.party
    if statement.kind == Statement.Kind.PROGRAMME:
        accrued, receivable = (Kind.SUBSIDY_ACCRUED, party), (Kind.SUBSIDY_RECEIVABLE, party)
        lines = transfer(statement.net, receivable, accrued)
    else:
        lines = [
            Line(Kind.PROVIDER_ACCRUED, party, statement.gross - statement.commission),
            Line(Kind.PENALTY, PLATFORM, -statement.penalty),
            Line(Kind.TAX_PAYABLE, PLATFORM, -statement.tax),
            Line(Kind.PROVIDER_RETENTION, party, -statement.retention),
            Line(Kind.PROVIDER_PAYABLE, party, -statement.net),
        ]
    return Posting(f"statement:{statement.code}", Cause.STATEMENT, statement.code, lines, statement.closed_at)


def _tell(statement, at):
    """A provider is asked for its word; finance hears of what it has to look at first."""
    if statement.kind != Statement.Kind.PROVIDER:
        return
    if statement.status == Statement.Status.OFFERED:
        answers.ask(statement, at)
        return
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=gettext_noop("结算单 %(code)s（%(title)s）已暂缓，请复核"),
        values={"code": statement.code, "title": statement.title},
        url=statement.get_absolute_url(),
        at=at,
        action="statements.close",
    )
