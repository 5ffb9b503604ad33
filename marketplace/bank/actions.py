"""Taking the bank's word over into the books, and settling what does not explain itself."""

from hashlib import sha256

from django.db import connection, transaction
from django.utils.translation import gettext as _

from marketplace.bank import queries
from marketplace.bank.files import BankStatement, Unreadable, read
from marketplace.bank.models import BankDay, BankFile, BankLine
from marketplace.bank.wording import sentence
from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import PLATFORM, Posting, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.payments import actions as payments
from marketplace.payments.actions import STRIPE
from marketplace.payments.models import BankReceipt, Payment
from marketplace.payments.queries import payouts_on_the_way
from portal.audit import actions as audit
from portal.crypto.fields import name_rows
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan

MOST_SHOWN = 10
BANK_LOCK = 0xBA2C


class BadStatement(Refusal):
    """A file that cannot be taken."""

    code = "bad_statement"


class AlreadyTaken(Refusal):
    """This very file was taken before."""

    status = 409
    code = "already_taken"


class CannotSettle(Refusal):
    """This line cannot be settled like this."""

    code = "cannot_settle"


class CannotClose(Refusal):
    """Bank and books do not agree yet."""

    status = 409
    code = "cannot_close"


def take_file(*, name, content: bytes, by, at) -> BankFile:
    """Take a bank's statement over, whole or not at all; what explains itself is credited by a sweep.

    Lines that an earlier file brought already are left as they are. A file that is refused moves nothing and is told
    in the record.
    """
    try:
        with transaction.atomic():
            return _take(name, content, by, at)
    except Refusal as refusal:
        audit.record(by, "bank.refused", by=by, file=name[:120], reason=refusal.code)
        raise


def _take(name, content, by, at):
    _be_alone()
    digest = sha256(content).hexdigest()
    earlier = BankFile.objects.filter(digest=digest).first()
    if earlier:
        raise AlreadyTaken(_("该文件已导入（%(code)s），未重复入账。") % {"code": earlier.code}, field="file")
    statement = _read(content)
    known = queries.known_amounts(entry.reference for entry in statement.entries)
    fresh = [entry for entry in statement.entries if entry.reference not in known]
    _refuse_contradictions(statement, known, fresh)
    file = BankFile.objects.create(
        code=new_code("BF"),
        name=name[:120],
        digest=digest,
        opening=statement.opening,
        closing=statement.closing,
        line_count=len(fresh),
        taken_by=by,
        taken_at=at,
    )
    lines = [_line(file, entry) for entry in fresh]
    recorded = BankReceipt.objects.in_bulk(
        [line.bank_reference for line in lines], field_name="bank_reference"
    )
    named = queries.named_in(lines)
    for line in lines:
        if receipt := recorded.get(line.bank_reference):
            _confirm(line, receipt, at)
        else:
            said = queries.judged(line, named)
            line.payer, line.payment, line.finding = said.payer, said.payment, said.finding
    name_rows(lines)
    BankLine.objects.bulk_create(lines)
    ledger.post_all([_arrival(line, at) for line in lines if not line.receipt])
    audit.record(file, "bank.taken", by=by, lines=len(fresh), closing=statement.closing)
    return file


def _line(file, entry) -> BankLine:
    return BankLine(
        code=new_code("BS"),
        file=file,
        bank_reference=entry.reference,
        booked_on=entry.booked_on,
        amount=entry.amount,
        counterparty=entry.counterparty,
        counter_account=entry.counter_account,
        remark=entry.remark,
    )


def _be_alone():
    """One file or one close at a time: a file must not arrive in a day that is just being closed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BANK_LOCK])


def _read(content) -> BankStatement:
    try:
        return read(content)
    except Unreadable as unreadable:
        said = [sentence(problem) for problem in unreadable.problems[:MOST_SHOWN]]
        more = len(unreadable.problems) - len(said)
        if more > 0:
            said.append(_("另有 %(n)d 处问题。") % {"n": more})
        raise BadStatement(" ".join(said), field="file") from unreadable


def _refuse_contradictions(statement, known, fresh):
    for entry in statement.entries:
        if known.get(entry.reference, entry.amount) != entry.amount:
            raise BadStatement(
                _("流水 %(reference)s 此前以 ¥%(before)s 导入，本文件为 ¥%(now)s，请与银行核对。")
                % {
                    "reference": entry.reference,
                    "before": yuan(known[entry.reference]),
                    "now": yuan(entry.amount),
                },
                field="file",
                code="other_amount",
            )
    closed = BankDay.objects.first()
    late = [entry for entry in fresh if closed and entry.booked_on <= closed.on]
    if late:
        raise BadStatement(
            _("%(day)s 已日结，不能再导入该日及以前的流水（%(reference)s）。")
            % {"day": closed.on, "reference": late[0].reference},
            field="file",
            code="day_closed",
        )
    before = BankFile.objects.first()
    gap = statement.closing - before.closing - sum(entry.amount for entry in fresh) if before else 0
    if gap:
        raise BadStatement(
            _("与上一份对账单（期末 ¥%(closing)s）之间差 ¥%(gap)s，请先导入中间的流水。")
            % {"closing": yuan(before.closing), "gap": yuan(gap)},
            field="file",
            code="gap",
        )


def _arrival(line, at) -> Posting:
    """What the bank says has moved; whose it is is another question."""
    bank, unknown = (Kind.BANK, PLATFORM), (Kind.SUSPENSE, line.code)
    legs = transfer(line.amount, bank, unknown) if line.amount > 0 else transfer(-line.amount, unknown, bank)
    return Posting(f"bank-line:{line.bank_reference}", Cause.BANK_LINE, line.code, legs, at)


def _confirm(line, receipt, at):
    """Somebody recorded this by hand before the file came."""
    if receipt.amount != line.amount:
        raise BadStatement(
            _("流水 %(reference)s 已按 ¥%(before)s 登记到账（%(code)s），银行为 ¥%(now)s，请先更正。")
            % {
                "reference": line.bank_reference,
                "before": yuan(receipt.amount),
                "code": receipt.code,
                "now": yuan(line.amount),
            },
            field="file",
            code="other_amount",
        )
    line.status, line.receipt, line.payer, line.settled_at = (
        BankLine.Status.MATCHED,
        receipt,
        receipt.organization,
        at,
    )


def credit(*, line_id, at) -> BankLine:
    """Credit an arrival that says by itself whose it is. Saying it twice changes nothing."""
    with transaction.atomic():
        line = BankLine.objects.locked(line_id)
        if line.status != BankLine.Status.WAITING or not line.payer:
            return line
        if line.payment and line.payment.status == Payment.Status.PAID:
            # Somebody transferred twice: the second time is a person's to decide on.
            line.payer, line.finding = None, BankLine.Finding.PAID_ALREADY
            line.save(update_fields=["payer", "finding"])
        else:
            _credit(line, line.payer, line.payment, by=None, at=at)
    return line


def _credit(line, organization, payment, *, by, at):
    receipt = payments.record_bank_receipt(
        organization=organization,
        bank_reference=line.bank_reference,
        amount=line.amount,
        received_on=line.booked_on,
        debit=(Kind.SUSPENSE, line.code),
        payment=payment,
        by=by,
        at=at,
    )
    matched = BankLine.Status.MATCHED
    status.move(
        line, matched, receipt=receipt, payer=organization, payment=payment, settled_by=by, settled_at=at
    )


def assign(*, line_id, organization, by, at) -> BankLine:
    """Credit an arrival to the firm it came from, because somebody has found out. Saying it twice changes nothing."""
    with transaction.atomic():
        line = BankLine.objects.locked(line_id)
        if line.status == BankLine.Status.MATCHED and line.payer_id == organization.id:
            return line
        if line.amount < 0:
            raise CannotSettle(_("这是一笔支出，不能计入企业余额，请填写说明。"), field="organization")
        _credit(line, organization, queries.meant_for(line, organization), by=by, at=at)
        audit.record(
            line, "bank.assigned", by=by, organization=organization,
            before=BankLine.Status.WAITING, after=BankLine.Status.MATCHED, amount=line.amount,
        )  # fmt: skip
    return line


def explain(*, line_id, explanation, by, at) -> BankLine:
    """Book a fee or interest of the bank's own, with the reason. Saying it twice changes nothing."""
    with transaction.atomic():
        line = BankLine.objects.locked(line_id)
        if line.status == BankLine.Status.EXPLAINED and line.explanation == explanation:
            return line
        if not explanation:
            raise CannotSettle(_("请填写说明，例如“手续费”或“存款利息”。"), field="explanation")
        status.move(line, BankLine.Status.EXPLAINED, explanation=explanation, settled_by=by, settled_at=at)
        unknown, result = (Kind.SUSPENSE, line.code), (Kind.BANK_RESULT, PLATFORM)
        legs = (
            transfer(line.amount, unknown, result)
            if line.amount > 0
            else transfer(-line.amount, result, unknown)
        )
        ledger.post(
            f"bank-explained:{line.bank_reference}",
            kind=Cause.BANK_EXPLAINED,
            subject=line.code,
            lines=legs,
            at=at,
        )
        audit.record(
            line, "bank.explained", by=by, before=BankLine.Status.WAITING, after=BankLine.Status.EXPLAINED,
            explanation=explanation, amount=line.amount,
        )  # fmt: skip
    return line


def settle_elsewhere(line, *, explanation, at):
    """Another room has found and booked what a locked line is."""
    status.move(line, BankLine.Status.EXPLAINED, explanation=explanation, settled_at=at)


def match_provider_payout(*, line_id, at) -> BankLine:
    """An arrival from the payment provider is its oldest payout of that amount, or says that there is none.

    Saying it twice changes nothing.
    """
    with transaction.atomic():
        line = BankLine.objects.locked(line_id)
        payout = (
            payouts_on_the_way()
            .filter(amount=-line.amount, booked_at__date__lte=line.booked_on)
            .order_by("booked_at", "id")
            .first()
        )
        if line.status != BankLine.Status.WAITING:
            return line
        if payout is None:
            line.finding = BankLine.Finding.NO_PAYOUT
            line.save(update_fields=["finding"])
            return line
        said = _("支付机构结转 %(number)s") % {"number": payout.about}
        status.move(line, BankLine.Status.EXPLAINED, provider_payout=payout, explanation=said, settled_at=at)
        ledger.post(
            f"psp-payout:{payout.entry_id}",
            kind=Cause.PSP_PAYOUT,
            subject=line.code,
            lines=transfer(line.amount, (Kind.SUSPENSE, line.code), (Kind.PSP, STRIPE)),
            at=at,
        )
    return line


def close_day(*, on, by, at) -> BankDay:
    """Lock a day on which bank and books agree to the fen. Raises CannotClose with what is still between them."""
    with transaction.atomic():
        _be_alone()
        closed = BankDay.objects.first()
        if closed and on <= closed.on:
            raise CannotClose(_("%(day)s 已日结。") % {"day": closed.on})
        if not BankLine.objects.filter(booked_on__gte=on).exists():
            raise CannotClose(_("%(day)s 的银行流水还没有导入。") % {"day": on})
        standing = queries.standing(until=on)
        for problem in standing.problems():
            raise CannotClose(problem)
        day = BankDay.objects.create(on=on, closing=standing.bank, closed_by=by, closed_at=at)
        audit.record(day, "bank.day_closed", by=by, closing=day.closing)
    return day
