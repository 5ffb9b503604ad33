"""Closing the books of a period: what each provider is paid and each programme has redeemed."""

from django.db import connection, transaction
from django.utils.translation import gettext as _

from federation.providers.models import Provider
from marketplace.billing.models import BillPart
from marketplace.funding.sources import source
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import Posting, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.settlement import sql
from marketplace.settlement.models import Statement
from portal.audit import actions as audit
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal

SETTLEMENT_LOCK = 0x5E771E


def close(*, until, by, at) -> list[Statement]:
    """Settle every bill line before the watermark that no statement holds yet. A second run settles nothing."""
    if until > at:
        raise Refusal(_("结算截止时间不能晚于现在。"), code="watermark_in_future", field="until")
    moment = {"until": until, "by": by.id if by else None, "at": at}
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Without this lock, two closers could both see the same open lines.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETTLEMENT_LOCK])
        closed = _close(sql.CLOSE_PROVIDERS, _providers(), moment) + _close(
            sql.CLOSE_PROGRAMMES, _programmes(), moment
        )
        ledger.post_all([_posting(statement) for statement in closed])
        for statement in closed:
            audit.record(
                statement,
                "statement.closed",
                by=by,
                party=statement.party,
                gross=statement.gross,
                net=statement.net,
            )
    return closed


def _providers():
    """Whoever may be owed something: (party, title, organisation)."""
    return list(Provider.objects.values_list("code", "name", "organization"))


def _programmes():
    """Whoever may have paid for somebody: (party, title, no organisation)."""
    payers = BillPart.objects.exclude(source="wallet").order_by().values_list("payer", "source").distinct()
    return [(payer, source(code).payer_name(payer), None) for payer, code in payers]


def _close(statement, parties, moment) -> list[Statement]:
    codes = [new_code("ST") for _party in parties]
    names, titles, organizations = ([party[n] for party in parties] for n in range(3))
    words = {"parties": names, "titles": titles, "organizations": organizations, "codes": codes, **moment}
    with connection.cursor() as cursor:
        cursor.execute(statement, words)
    return list(Statement.objects.filter(code__in=codes).order_by("id"))


def _posting(statement) -> Posting:
    """What was earned or spent becomes what is owed."""
    party = statement.party
    legs = {
        Statement.Kind.PROVIDER: ((Kind.PROVIDER_ACCRUED, party), (Kind.PROVIDER_PAYABLE, party)),
        Statement.Kind.PROGRAMME: ((Kind.SUBSIDY_RECEIVABLE, party), (Kind.SUBSIDY_ACCRUED, party)),
    }
    lines = transfer(statement.net, *legs[Statement.Kind(statement.kind)])
    return Posting(f"statement:{statement.code}", Cause.STATEMENT, statement.code, lines, statement.closed_at)
