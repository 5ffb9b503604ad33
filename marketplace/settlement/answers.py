"""What becomes of a statement once it is offered: the provider's word, finance's answer, a second look."""

from datetime import timedelta

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.bank import actions as bank
from marketplace.bank.models import BankLine
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.settlement import queries
from marketplace.settlement.models import Statement
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan

RELEASE = "statement-release"
REMINDED_BEFORE = timedelta(days=1)
Status = Statement.Status


class CannotAnswer(Refusal):
    """This statement does not take this word."""

    code = "cannot_answer"


def confirm(*, statement_id, by, at) -> Statement:
    """The provider agrees; without `by`, its silence does. Saying it twice changes nothing."""
    with transaction.atomic():
        statement = Statement.objects.locked(statement_id)
        if statement.status == Status.CONFIRMED:
            return statement
        if statement.status != Status.OFFERED:
            raise CannotAnswer(
                _("结算单 %(code)s 现在不需要确认。") % {"code": statement.code}, code="not_offered"
            )
        status.move(statement, Status.CONFIRMED, answered_by=by, answered_at=at)
        audit.record(statement, "statement.confirmed", by=by, before=Status.OFFERED, after=Status.CONFIRMED)
        if by is None:
            sentence = gettext_noop("结算单 %(code)s 逾期未答复，已视为确认")
            _tell_provider(statement, sentence, {"code": statement.code}, at)
    return statement


def dispute(*, statement_id, reason, line="", by, at) -> Statement:
    """The provider objects, to the whole or to one bill line. Saying it twice changes nothing."""
    with transaction.atomic():
        statement = Statement.objects.locked(statement_id)
        if statement.status == Status.DISPUTED and statement.objection == reason:
            return statement
        if not reason:
            raise CannotAnswer(_("请填写异议理由，平台财务会据此核对。"), field="reason")
        named = statement.lines.filter(bill_line__code=line).first() if line else None
        if line and named is None:
            raise CannotAnswer(_("本结算单没有账单 %(line)s，请核对账单号。") % {"line": line}, field="line")
        if statement.status != Status.OFFERED:
            raise CannotAnswer(
                _("结算单 %(code)s 已答复，不能再提异议。") % {"code": statement.code}, field="reason"
            )
        status.move(
            statement,
            Status.DISPUTED,
            objection=reason,
            disputed_line_id=named.bill_line_id if named else None,
            answered_by=by,
            answered_at=at,
        )
        audit.record(
            statement, "statement.disputed", by=by, before=Status.OFFERED, after=Status.DISPUTED,
            reason=reason, line=line,
        )  # fmt: skip
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop("%(title)s 对结算单 %(code)s 有异议，请答复"),
            values={"title": statement.title, "code": statement.code},
            url=statement.get_absolute_url(),
            at=at,
            action="statements.close",
        )
    return statement


def resolve(*, statement_id, resolution, by, at) -> Statement:
    """Finance answers an objection; a difference goes into the next period as an adjustment. Saying it twice changes nothing."""
    with transaction.atomic():
        statement = Statement.objects.locked(statement_id)
        if statement.status == Status.CONFIRMED and statement.resolution == resolution:
            return statement
        if not resolution:
            raise CannotAnswer(_("请填写处理意见，服务商会看到。"), field="resolution")
        status.move(
            statement, Status.CONFIRMED, resolution=resolution, resolved_by=by, resolved_at=at
        )  # fmt: skip
        audit.record(
            statement, "statement.resolved", by=by, before=Status.DISPUTED, after=Status.CONFIRMED,
            resolution=resolution,
        )  # fmt: skip
        sentence = gettext_noop("结算单 %(code)s 的异议已答复：%(resolution)s")
        _tell_provider(statement, sentence, {"code": statement.code, "resolution": resolution}, at)
    return statement


def ask_release(*, statement_id, reason, by, at) -> Approval:
    """Ask a second person to let a parked statement go on. While one request waits, no other is made."""
    with transaction.atomic():
        statement = Statement.objects.locked(statement_id)
        asked = Approval.objects.filter(kind=RELEASE, subject_code__startswith=f"{statement.code}/")
        if waiting := asked.pending().first():
            return waiting
        if not reason:
            raise CannotAnswer(_("请填写核对结果与放行理由。"), field="reason")
        if statement.status != Status.PARKED:
            raise CannotAnswer(_("结算单 %(code)s 没有被暂缓。") % {"code": statement.code}, field="reason")
        return approvals.request(
            kind=RELEASE,
            subject_code=f"{statement.code}/{asked.count() + 1}",
            organization=statement.organization,
            decided_under="payouts.manage",
            amount=statement.due,
            sentence=gettext_noop("放行结算单 %(code)s（%(title)s）：%(reason)s"),
            values={"code": statement.code, "title": statement.title, "reason": reason},
            url=statement.get_absolute_url(),
            by=by,
            at=at,
        )


def release(*, statement_id, answer_by, by, at) -> Statement:
    """A second person agreed: the provider is asked for its word. Saying it twice changes nothing."""
    with transaction.atomic():
        statement = Statement.objects.locked(statement_id)
        if statement.status != Status.PARKED:
            return statement
        status.move(statement, Status.OFFERED, answer_by=answer_by)
        audit.record(statement, "statement.released", by=by, before=Status.PARKED, after=Status.OFFERED)
        ask(statement, at)
    return statement


def receive(*, line_id, at) -> Statement | None:
    """The treasury has paid what a statement shows, to the fen. Saying it twice changes nothing."""
    with transaction.atomic():
        line = BankLine.objects.locked(line_id)
        if line.status != BankLine.Status.WAITING:
            return None
        named = [found for _line, found, _problem in queries.treasury_findings([line]) if found]
        if not named:
            return None
        statement = Statement.objects.locked(named[0].id)
        status.move(statement, Status.PAID, paid_line=line)
        ledger.post(
            f"subsidy-received:{statement.code}",
            kind=Cause.SUBSIDY_RECEIVED,
            subject=statement.code,
            lines=transfer(
                line.amount, (Kind.SUSPENSE, line.code), (Kind.SUBSIDY_RECEIVABLE, statement.party)
            ),
            at=at,
        )
        bank.settle_elsewhere(line, explanation=statement.code, at=at)
        audit.record(
            statement, "statement.received", by=None, before=Status.OFFERED, after=Status.PAID,
            amount=line.amount, bank_reference=line.bank_reference,
        )  # fmt: skip
    return statement


# --- on its way to the provider ------------------------------------------------------------------------
def put_on_the_way(*, statement_id):
    """It is in an approved batch."""
    _step(statement_id, Status.APPROVED)


def pay(*, statement_id):
    """The bank has paid it."""
    _step(statement_id, Status.PAID)


def owe_again(*, statement_id):
    """The bank did not take it, or sent it back."""
    _step(statement_id, Status.CONFIRMED)


def _step(statement_id, to):
    with transaction.atomic():
        status.move(Statement.objects.locked(statement_id), to)


def ask(statement, at):
    """Ask the provider to confirm its statement or to object."""
    sentence = gettext_noop("结算单 %(code)s 应付 ¥%(due)s，请在 %(day)s 前确认或提出异议，逾期视为确认")
    day = f"{localtime(statement.answer_by):%Y-%m-%d}"
    _tell_provider(statement, sentence, {"code": statement.code, "due": yuan(statement.due), "day": day}, at)


def remind(*, statement_id, at):
    """Ask once more before silence counts. Saying it twice changes nothing."""
    with transaction.atomic():
        statement = Statement.objects.locked(statement_id)
        if statement.status == Status.OFFERED and statement.reminded_at is None:
            statement.reminded_at = at
            statement.save(update_fields=["reminded_at"])
            ask(statement, at)


def _tell_provider(statement, sentence, values, at):
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=sentence,
        values=values,
        url=statement.get_absolute_url(),
        at=at,
        organization=statement.organization,
        action="statements.answer",
    )
