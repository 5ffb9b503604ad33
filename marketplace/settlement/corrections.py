"""What is set right outside a bill: terms of a contract, amounts that two persons agree on, retentions whose time is up."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import PLATFORM, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.settlement.models import Adjustment, Statement, Terms
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.models import Organization
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan

ADJUSTMENT, TERMS = "adjustment", "terms"
Status = Adjustment.Status


class CannotAdjust(Refusal):
    """Not this amount, or not this party."""

    code = "cannot_adjust"


def propose_terms(
    *, provider, effective_from, tax_rate, retention_rate, retention_months, bands, clause, by, at
) -> Terms:
    """Write a provider's terms down from a day on and ask a second person; what was settled before stands."""
    with transaction.atomic():
        terms = Terms.objects.create(
            code=new_code("TM"),
            provider=provider,
            effective_from=effective_from,
            tax_rate=tax_rate,
            retention_rate=retention_rate,
            retention_months=retention_months,
            bands=bands,
            clause=clause,
            set_by=by,
            set_at=at,
        )
        audit.record(
            terms,
            "terms.proposed",
            by=by,
            provider=provider.code,
            effective_from=str(effective_from),
            tax_rate=str(tax_rate),
            retention_rate=str(retention_rate),
            retention_months=retention_months,
            bands=bands,
        )
        approvals.request(
            kind=TERMS,
            subject_code=terms.code,
            organization=provider.organization,
            decided_under="payouts.manage",
            amount=0,
            sentence=gettext_noop("结算条款 %(code)s：%(name)s %(clause)s，自 %(on)s 起"),
            values={
                "code": terms.code,
                "name": provider.name,
                "clause": clause,
                "on": f"{effective_from:%Y-%m-%d}",
            },
            url="/statements/terms/",
            by=by,
            at=at,
        )
    return terms


def decide_terms(*, terms_id, agree: bool, reason="", by, at) -> Terms:
    """A second person's word: from their day on statements are worked out by them, or not. Twice changes nothing."""
    with transaction.atomic():
        terms = Terms.objects.locked(terms_id)
        if terms.status != Terms.Status.PROPOSED:
            return terms
        wanted = Terms.Status.IN_FORCE if agree else Terms.Status.REFUSED
        status.move(terms, wanted, decided_by=by, decided_at=at, answer=reason[:300])
        audit.record(terms, "terms.decided", by=by, before=Terms.Status.PROPOSED, after=wanted, reason=reason)
        if agree:
            notices.notify(
                kind=Notice.Kind.MONEY,
                sentence=gettext_noop("结算条款 %(clause)s 自 %(on)s 起生效"),
                values={"clause": terms.clause, "on": f"{terms.effective_from:%Y-%m-%d}"},
                url="/statements/terms/",
                at=at,
                organization=terms.provider.organization,
                action="statements.view",
            )
    return terms


def propose_adjustment(*, organization, amount: int, reason, statement=None, by, at) -> Adjustment:
    """Ask a second person to give a party some fen, or, below zero, to take them. Raises CannotAdjust."""
    if not amount:
        raise CannotAdjust(_("请填写调账金额：正数为增加对方应得，负数为减少。"), field="amount")
    if statement and statement.organization_id != organization.id:
        raise CannotAdjust(_("结算单 %(code)s 不属于该单位。") % {"code": statement.code}, field="statement")
    with transaction.atomic():
        adjustment = Adjustment.objects.create(
            code=new_code("AJ"),
            organization=organization,
            statement=statement,
            amount=amount,
            reason=reason,
            proposed_by=by,
            proposed_at=at,
        )
        audit.record(adjustment, "adjustment.proposed", by=by, amount=amount, reason=reason)
        approvals.request(
            kind=ADJUSTMENT,
            subject_code=adjustment.code,
            organization=organization,
            decided_under="payouts.manage",
            amount=amount,
            sentence=gettext_noop("调账 %(code)s：%(name)s ¥%(amount)s，%(reason)s"),
            values={
                "code": adjustment.code,
                "name": organization.name,
                "amount": yuan(amount),
                "reason": reason,
            },
            url="/statements/adjustments/",
            by=by,
            at=at,
        )
    return adjustment


def decide_adjustment(*, adjustment_id, agree: bool, reason="", by, at) -> Adjustment:
    """A second person's word; agreed, it is booked. A purse that is too small for it says no. Twice changes nothing."""
    with transaction.atomic():
        adjustment = Adjustment.objects.locked(adjustment_id)
        if adjustment.status != Status.PROPOSED:
            return adjustment
        if agree:
            try:
                _book(adjustment, at)
            except ledger.InsufficientFunds as short:
                agree, reason = False, short.message
        wanted = Status.BOOKED if agree else Status.REFUSED
        status.move(adjustment, wanted, decided_by=by, decided_at=at, answer=reason[:300])
        audit.record(
            adjustment, "adjustment.decided", by=by, before=Status.PROPOSED, after=wanted, reason=reason
        )
        if agree:
            _tell(adjustment, at)
    return adjustment


def _book(adjustment, at):
    owner = adjustment.organization
    if owner.kind == Organization.Kind.PROVIDER:
        account = (Kind.PROVIDER_PAYABLE, owner.provider.code)
    else:
        account = (Kind.PREPAID, owner.code)
    lines = transfer(adjustment.amount, (Kind.ADJUSTMENT, PLATFORM), account)
    ledger.post(
        f"adjustment:{adjustment.code}", kind=Cause.ADJUSTED, subject=adjustment.code, lines=lines, at=at
    )


def _tell(adjustment, at):
    is_provider = adjustment.organization.kind == Organization.Kind.PROVIDER
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=gettext_noop("调账 ¥%(amount)s：%(reason)s"),
        values={"amount": yuan(adjustment.amount), "reason": adjustment.reason},
        url="/statements/" if is_provider else "/wallet/",
        at=at,
        organization=adjustment.organization,
        action="statements.view" if is_provider else "wallet.view",
    )


def release_retention(*, statement_id, at) -> Statement:
    """A retention's time is up: it is owed to the provider again, with its next statement. Twice changes nothing."""
    with transaction.atomic():
        statement = Statement.objects.locked(statement_id)
        if statement.retention_released_at or not statement.retention:
            return statement
        statement.retention_released_at = at
        statement.save(update_fields=["retention_released_at"])
        held, payable = (Kind.PROVIDER_RETENTION, statement.party), (Kind.PROVIDER_PAYABLE, statement.party)
        ledger.post(
            f"retention-released:{statement.code}",
            kind=Cause.RETENTION_RELEASED,
            subject=statement.code,
            lines=transfer(statement.retention, held, payable),
            at=at,
        )
        audit.record(
            statement,
            "statement.retention_released",
            by=None,
            before=None,
            after=str(at),
            amount=statement.retention,
        )
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop("结算单 %(code)s 的质保金 ¥%(amount)s 到期退还，计入下一期结算"),
            values={"code": statement.code, "amount": yuan(statement.retention)},
            url=statement.get_absolute_url(),
            at=at,
            organization=statement.organization,
            action="statements.view",
        )
    return statement
