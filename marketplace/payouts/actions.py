"""Paying by bank: an account that two have seen, a batch that two have signed, a bank line for every payment."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.bank import actions as bank
from marketplace.bank.models import BankLine
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import transfer
from marketplace.ledger.models import Kind
from marketplace.payouts import queries
from marketplace.payouts.models import Payout, PayoutAccount, PayoutBatch
from marketplace.payouts.owed import FAILED, RETURNED, owed_by
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan

ACCOUNT, BATCH = "payout-account", "payout-batch"


class NothingToPay(Refusal):
    """No confirmed statement can be paid now."""

    status = 409
    code = "nothing_to_pay"


class AlreadyProposed(Refusal):
    """A change of account already waits for a second person."""

    status = 409
    code = "already_proposed"


# --- where a provider is paid --------------------------------------------------------------------------
def propose_account(*, provider, holder, bank_name, number, by, at) -> PayoutAccount:
    """A provider names the account it wants to be paid to; platform finance has the second word."""
    with transaction.atomic():
        if PayoutAccount.objects.filter(provider=provider, status=PayoutAccount.Status.PROPOSED).exists():
            raise AlreadyProposed(_("上一次变更还在复核中，请等待平台财务处理。"))
        account = PayoutAccount.objects.create(
            code=new_code("PA"),
            provider=provider,
            holder=holder,
            bank=bank_name,
            number=number,
            ending=number[-4:],
            proposed_by=by,
            proposed_at=at,
        )
        audit.record(account, "payout_account.proposed", by=by, provider=provider.code, ending=account.ending)
        approvals.request(
            kind=ACCOUNT,
            subject_code=account.code,
            organization=provider.organization,
            decided_under="payouts.manage",
            amount=0,
            sentence=gettext_noop("%(provider)s 变更收款账户（%(bank)s，末四位 %(ending)s）"),
            values={"provider": provider.name, "bank": bank_name, "ending": account.ending},
            url="/payouts/accounts/",
            by=by,
            at=at,
        )
    return account


def decide_account(*, account_id, agree: bool, reason="", by, at) -> PayoutAccount:
    """A second person's word: the new account takes the old one's place, or it does not. Twice changes nothing."""
    wanted = PayoutAccount.Status.IN_FORCE if agree else PayoutAccount.Status.REFUSED
    with transaction.atomic():
        account = PayoutAccount.objects.locked(account_id)
        if account.status == wanted:
            return account
        if agree:
            for old in PayoutAccount.objects.in_force().filter(provider=account.provider):
                status.move(old, PayoutAccount.Status.REPLACED)
        status.move(account, wanted, decided_by=by, decided_at=at, reason=reason)
        audit.record(
            account, "payout_account.decided", by=by, before=PayoutAccount.Status.PROPOSED, after=wanted
        )
        notices.notify(
            kind=Notice.Kind.MONEY,
            sentence=gettext_noop("收款账户（末四位 %(ending)s）已启用，今后付款汇入此账户")
            if agree
            else gettext_noop("收款账户（末四位 %(ending)s）未通过复核：%(reason)s"),
            values={"ending": account.ending, "reason": reason},
            url="/payouts/accounts/",
            at=at,
            organization=account.provider.organization,
            action="statements.answer",
        )
    return account


# --- batches -------------------------------------------------------------------------------------------
def propose_batch(*, organization, by, at) -> PayoutBatch:
    """Put every confirmed statement whose provider has an account, and every refund, into one batch; ask a second person.

    Raises NothingToPay.
    """
    with transaction.atomic():
        accounts = queries.accounts()
        # Locked in key order: two batches proposed at one moment would else hold the same rows.
        rows = queries.payable().select_for_update(of=("self",), no_key=True)
        payouts = [
            Payout(
                organization_id=row.organization_id,
                statement=row,
                account=accounts[row.party],
                amount=row.due,
            )
            for row in rows
            if row.party in accounts
        ]
        payouts += [
            Payout(organization_id=row.organization_id, refund=row, amount=row.amount)
            for row in queries.refundable().select_for_update(of=("self",), no_key=True)
        ]
        if not payouts:
            raise NothingToPay(_("没有可付款的结算单或退款：结算单须服务商已确认，且收款账户已启用。"))
        batch = PayoutBatch.objects.create(
            code=new_code("PB"),
            total=sum(row.amount for row in payouts),
            count=len(payouts),
            made_by=by,
            made_at=at,
        )
        for payout in payouts:
            payout.code, payout.batch = new_code("PO"), batch
        Payout.objects.bulk_create(payouts)
        audit.record(batch, "payout.proposed", by=by, total=batch.total, count=batch.count)
        approvals.request(
            kind=BATCH,
            subject_code=batch.code,
            organization=organization,
            decided_under="payouts.manage",
            amount=batch.total,
            sentence=gettext_noop("付款批次 %(code)s：%(count)d 笔，合计 ¥%(total)s"),
            values={"code": batch.code, "count": batch.count, "total": yuan(batch.total)},
            url=batch.get_absolute_url(),
            by=by,
            at=at,
        )
    return batch


def approve_batch(*, batch_id, by, at) -> PayoutBatch:
    """A second person agreed: what was owed is now on its way. Saying it twice changes nothing."""
    with transaction.atomic():
        batch = PayoutBatch.objects.locked(batch_id)
        if batch.status == PayoutBatch.Status.APPROVED:
            return batch
        status.move(batch, PayoutBatch.Status.APPROVED, approved_by=by, approved_at=at)
        for payout in batch.payouts.in_full():
            owed = owed_by(payout)
            status.move(payout, Payout.Status.ORDERED)
            owed.put_on_the_way()
            _post(payout, "ordered", owed.account, _on_the_way(payout), at)
        audit.record(batch, "payout.approved", by=by, before=PayoutBatch.Status.PROPOSED, after=batch.status)
    return batch


def refuse_batch(*, batch_id, reason, by, at) -> PayoutBatch:
    """A second person disagreed: what it would have paid may go into another batch. Saying it twice changes nothing."""
    with transaction.atomic():
        batch = PayoutBatch.objects.locked(batch_id)
        if batch.status == PayoutBatch.Status.REFUSED:
            return batch
        status.move(batch, PayoutBatch.Status.REFUSED)
        for payout in batch.payouts.all():
            status.move(payout, Payout.Status.DROPPED, reason=reason, settled_at=at)
        audit.record(
            batch,
            "payout.refused",
            by=by,
            before=PayoutBatch.Status.PROPOSED,
            after=batch.status,
            reason=reason,
        )
    return batch


def take_file(*, batch_id, by) -> list[Payout]:
    """The payments of an approved batch for the bank, with the accounts in plain; who took them is on the record."""
    with transaction.atomic():
        batch = PayoutBatch.objects.locked(batch_id)
        if batch.status != PayoutBatch.Status.APPROVED:
            raise Refusal(_("批次复核通过后才能下载付款文件。"), code="not_approved")
        audit.record(batch, "payout.file_taken", by=by, total=batch.total)
    return list(batch.payouts.ordered().in_full())


# --- what the bank says --------------------------------------------------------------------------------
def match(*, line_id, at) -> Payout | None:
    """Settle a bank line that names a payout to the fen: paid, or sent back. Saying it twice changes nothing."""
    with transaction.atomic():
        line = BankLine.objects.locked(line_id)
        if line.status != BankLine.Status.WAITING:
            return None
        named = [found.payout for found in queries.findings([line]) if found.payout]
        if not named:
            return None
        payout = Payout.objects.locked(named[0].id)
        if line.amount < 0:
            _paid(payout, line, at)
        else:
            _returned(payout, line, at)
        bank.settle_elsewhere(line, explanation=payout.code, at=at)
    return payout


def _paid(payout, line, at):
    status.move(payout, Payout.Status.PAID, line=line, settled_at=at)
    owed_by(payout).pay(at)
    _post(payout, "paid", _on_the_way(payout), (Kind.SUSPENSE, line.code), at)
    audit.record(
        payout, "payout.paid", by=None, before=Payout.Status.ORDERED, after=payout.status,
        amount=payout.amount, bank_reference=line.bank_reference,
    )  # fmt: skip
    _close_if_done(payout, at)


def _returned(payout, line, at):
    status.move(payout, Payout.Status.RETURNED, returned_line=line, settled_at=at)
    owed = owed_by(payout)
    owed.owe_again(RETURNED, gettext_noop("银行退汇"), at)
    _post(payout, "returned", (Kind.SUSPENSE, line.code), owed.account, at)
    audit.record(
        payout, "payout.returned", by=None, before=Payout.Status.PAID, after=payout.status,
        amount=payout.amount, bank_reference=line.bank_reference,
    )  # fmt: skip


def fail(*, payout_id, reason, by, at) -> Payout:
    """The bank did not take a payment: it is owed again. Saying it twice changes nothing."""
    with transaction.atomic():
        payout = Payout.objects.locked(payout_id)
        if payout.status == Payout.Status.FAILED and payout.reason == reason:
            return payout
        if not reason:
            raise Refusal(_("请填写银行给出的失败原因。"), code="reason_required", field="reason")
        status.move(payout, Payout.Status.FAILED, reason=reason, settled_at=at)
        owed = owed_by(payout)
        owed.owe_again(FAILED, reason, at)
        _post(payout, "failed", _on_the_way(payout), owed.account, at)
        audit.record(
            payout, "payout.failed", by=by, before=Payout.Status.ORDERED, after=payout.status, reason=reason
        )
        _close_if_done(payout, at)
    return payout


def _close_if_done(payout, at):
    batch = PayoutBatch.objects.locked(payout.batch_id)
    if not batch.payouts.ordered().exists():
        status.move(batch, PayoutBatch.Status.CLOSED, closed_at=at)


def _on_the_way(payout):
    return (Kind.PAYOUT, payout.subject.code)


def _post(payout, step, debit, credit, at):
    reference, cause = f"payout:{payout.code}:{step}", owed_by(payout).cause
    lines = transfer(payout.amount, debit, credit)
    ledger.post(reference, kind=cause, subject=payout.code, lines=lines, at=at)
