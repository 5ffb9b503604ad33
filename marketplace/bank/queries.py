"""Where bank and books stand towards each other."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q, Sum
from django.utils.translation import gettext as _

from marketplace.bank.models import BankDay, BankFile, BankLine
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import totals_by_owner
from marketplace.payments.models import BankReceipt
from portal.organizations.models import Organization
from portal.shell.money import yuan

FIRM = re.compile(r"EN\d*-[A-Z0-9]{2,28}")
ENTERPRISE = Organization.Kind.ENTERPRISE
Finding = BankLine.Finding


def numbers_in(remark: str) -> set[str]:
    """The firms' numbers in a remark, however wide or small they were typed."""
    return set(FIRM.findall(unicodedata.normalize("NFKC", remark).upper()))


def plain(text: str) -> str:
    """A name without what people and banks type differently: width, spaces, brackets, case."""
    return re.sub(r"[\s()\[\]【】·,.，。]", "", unicodedata.normalize("NFKC", text)).upper()


def firms_named(lines: Iterable[BankLine]) -> dict[str, Organization]:
    """The firms whose numbers stand in some lines' remarks, by number."""
    codes = {code for line in lines for code in numbers_in(line.remark)}
    return {firm.code: firm for firm in Organization.objects.filter(code__in=codes, kind=ENTERPRISE)}


def judged(line: BankLine, firms: dict[str, Organization]) -> tuple[Organization | None, str]:
    """The firm whose money this is, or why a person has to look.

    Certain is only what names one firm's number and comes from an account in its name: somebody else's money with a
    firm's number on it may be a mistake, or worse.
    """
    if line.amount < 0:
        return None, Finding.PAID_OUT
    codes = numbers_in(line.remark)
    if len(codes) != 1:
        return None, Finding.SEVERAL_NUMBERS if codes else Finding.NO_NUMBER
    firm = firms.get(codes.pop())
    if firm is None:
        return None, Finding.UNKNOWN_NUMBER
    return (firm, "") if plain(firm.name) == plain(line.counterparty) else (None, Finding.THIRD_PARTY)


def suggestion(line: BankLine) -> Organization | None:
    """The firm that an arrival is probably from."""
    named = list(firms_named([line]).values())
    if line.counterparty and not named:
        named = list(Organization.objects.filter(kind=ENTERPRISE, name=line.counterparty)[:2])
    return named[0] if len(named) == 1 else None


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
    latest = BankFile.objects.first()
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
    closed = BankDay.objects.first()
    return Standing(
        bank=bank,
        last_day=said["last_day"],
        open_count=said["n"],
        open_amount=said["sum"] or 0,
        unconfirmed_count=unseen["n"],
        unconfirmed_amount=unseen["sum"] or 0,
        closed_on=closed.on if closed else None,
    )


def unconfirmed():
    """Receipts that somebody recorded and no bank's file has shown yet."""
    return BankReceipt.objects.filter(bank_line=None)


def breaks() -> Iterator[str]:
    """Where the lines and the ledger disagree."""
    kept = totals_by_owner(Kind.SUSPENSE)
    still_open = dict(BankLine.objects.waiting().values_list("code", "amount"))
    for code in sorted(kept.keys() | still_open.keys()):
        if kept.get(code, 0) != still_open.get(code, 0):
            yield f"suspense {code}: ledger {kept.get(code, 0)}, open lines say {still_open.get(code, 0)}"
