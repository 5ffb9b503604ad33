"""Where bank and books stand towards each other."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q, Subquery, Sum
from django.utils.translation import gettext as _

from marketplace.bank.models import BankDay, BankFile, BankLine
from marketplace.ledger.models import Cause, Kind
from marketplace.ledger.queries import differences, totals_by_owner
from marketplace.payments.models import BankReceipt, Payment
from portal.organizations.models import Organization
from portal.shell.codes import codes_in, typed
from portal.shell.money import yuan

FIRM = re.compile(r"EN\d*-[A-Z0-9]{2,28}")
ENTERPRISE = Organization.Kind.ENTERPRISE
Finding = BankLine.Finding


def numbers_in(remark: str) -> set[str]:
    """The firms' numbers in a remark, however wide or small they were typed."""
    return set(FIRM.findall(typed(remark)))


def plain(text: str) -> str:
    """A name without what people and banks type differently: width, spaces, brackets, case."""
    return re.sub(r"[\s()\[\]【】·,.，。]", "", typed(text))


@dataclass(frozen=True)
class Named:
    """The firms and the payments whose numbers stand in some lines' remarks, by number."""

    firms: dict[str, Organization]
    payments: dict[str, Payment]


def named_in(lines: Iterable[BankLine]) -> Named:
    """Whom some lines name, in two queries however many lines."""
    codes = {code for line in lines for code in numbers_in(line.remark)}
    numbers = {code for line in lines for code in codes_in(line.remark, "PM")}
    transfers = Payment.objects.filter(code__in=numbers, method=Payment.Method.TRANSFER)
    return Named(
        {firm.code: firm for firm in Organization.objects.filter(code__in=codes, kind=ENTERPRISE)},
        {payment.code: payment for payment in transfers.select_related("organization")},
    )


@dataclass(frozen=True)
class Judgement:
    """Whose money a line is and what it was meant for, or why a person has to look."""

    payer: Organization | None = None
    payment: Payment | None = None
    finding: str = ""


def judged(line: BankLine, named: Named) -> Judgement:
    """What a line says by itself.

    Certain is only what names one firm or one of its payments, to the fen, and comes from an account in its name:
    somebody else's money with a firm's number on it may be a mistake, or worse.
    """
    if line.amount < 0:
        return Judgement(finding=Finding.PAID_OUT)
    codes, numbers = numbers_in(line.remark), codes_in(line.remark, "PM")
    if not codes and not numbers:
        return Judgement(finding=Finding.NO_NUMBER)
    if len(codes) > 1 or len(numbers) > 1:
        return Judgement(finding=Finding.SEVERAL_NUMBERS)
    payment = named.payments.get(numbers.pop()) if numbers else None
    firms = {named.firms.get(code) for code in codes} | ({payment.organization} if payment else set())
    firm = firms.pop() if len(firms) == 1 else None
    if firms:
        return Judgement(finding=Finding.SEVERAL_NUMBERS)
    if firm is None:
        return Judgement(finding=Finding.UNKNOWN_NUMBER)
    if payment and payment.amount != line.amount:
        return Judgement(finding=Finding.OTHER_AMOUNT)
    if payment and payment.status == Payment.Status.PAID:
        return Judgement(finding=Finding.PAID_ALREADY)
    if plain(firm.name) != plain(line.counterparty):
        return Judgement(finding=Finding.THIRD_PARTY)
    return Judgement(firm, payment)


def suggestion(line: BankLine) -> Organization | None:
    """The firm that an arrival is probably from."""
    named = named_in([line])
    firms = {*named.firms.values(), *(payment.organization for payment in named.payments.values())}
    if line.counterparty and not firms:
        firms = set(Organization.objects.filter(kind=ENTERPRISE, name=line.counterparty)[:2])
    return firms.pop() if len(firms) == 1 else None


def meant_for(line: BankLine, organization) -> Payment | None:
    """The firm's payment that a line names to the fen, unless it was paid before."""
    payments = named_in([line]).payments.values()
    fitting = [p for p in payments if (p.organization_id, p.amount) == (organization.id, line.amount)]
    return fitting[0] if len(fitting) == 1 and fitting[0].status != Payment.Status.PAID else None


def known_amounts(references: Iterable[str]) -> dict[str, int]:
    """What earlier files said of these movements."""
    rows = BankLine.objects.filter(bank_reference__in=list(references))
    return dict(rows.values_list("bank_reference", "amount"))


@dataclass(frozen=True)
class Standing:
    """Bank and books on one day, in fen. They agree when nothing is open and nothing unconfirmed."""

    bank: int
    last_day: date | None
    open_count: int
    open_amount: int
    unconfirmed_count: int
    unconfirmed_amount: int
    closed_on: date | None

    def problems(self) -> Iterator[str]:
        if self.open_count:
            yield _("还有 %(n)d 笔银行流水待处理，合计 ¥%(amount)s。") % {
                "n": self.open_count,
                "amount": yuan(self.open_amount),
            }
        if self.unconfirmed_count:
            yield _("还有 %(n)d 笔登记的到账在银行流水中找不到，合计 ¥%(amount)s。") % {
                "n": self.unconfirmed_count,
                "amount": yuan(self.unconfirmed_amount),
            }


def standing(*, until: date | None = None) -> Standing:
    """Where we stand at the end of a day, or now."""
    lines, receipts = BankLine.objects.all(), unconfirmed()
    # Without a file no day was ever closed.
    latest = BankFile.objects.annotate(closed_on=Subquery(BankDay.objects.values("on")[:1])).first()
    bank = latest.closing if latest else 0
    if until:
        # What the bank had that evening: the newest balance without what has come since.
        bank -= lines.filter(booked_on__gt=until).aggregate(sum=Sum("amount"))["sum"] or 0
        lines, receipts = lines.filter(booked_on__lte=until), receipts.filter(received_on__lte=until)
    waiting = Q(status=BankLine.Status.WAITING)
    said = lines.aggregate(
        last_day=Max("booked_on"), n=Count("id", filter=waiting), sum=Sum("amount", filter=waiting)
    )
    unseen = receipts.aggregate(n=Count("id"), sum=Sum("amount"))
    return Standing(
        bank=bank,
        last_day=said["last_day"],
        open_count=said["n"],
        open_amount=said["sum"] or 0,
        unconfirmed_count=unseen["n"],
        unconfirmed_amount=unseen["sum"] or 0,
        closed_on=latest.closed_on if latest else None,
    )


def unconfirmed():
    """Receipts that somebody recorded and no bank's file has shown yet."""
    return BankReceipt.objects.filter(bank_line=None)


def breaks() -> Iterator[str]:
    """Where the lines and the ledger disagree."""
    still_open = dict(BankLine.objects.waiting().values_list("code", "amount"))
    yield from differences(Kind.SUSPENSE, totals_by_owner(Kind.SUSPENSE), still_open)
    booked = -sum(totals_by_owner(Kind.PSP, journal_kinds=[Cause.PSP_PAYOUT]).values())
    arrived = BankLine.objects.exclude(provider_payout=None).aggregate(sum=Sum("amount"))["sum"] or 0
    if booked != arrived:
        yield f"psp payouts: ledger {booked}, lines of the bank say {arrived}"
