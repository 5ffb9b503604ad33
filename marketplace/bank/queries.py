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

FIRM = re.compile(r"EN-[A-Z0-9]{2,28}")


def plain(text: str) -> str:
    """A name or remark without what people and banks type differently: width, spaces, brackets, case."""
    return re.sub(r"[\s()\[\]【】·,.，。]", "", unicodedata.normalize("NFKC", text)).upper()


def firm_named(line) -> Organization | None:
    """The firm whose number stands in a transfer's remark."""
    codes = FIRM.findall(plain(line.remark))
    kind = Organization.Kind.ENTERPRISE
    return Organization.objects.filter(code=codes[0], kind=kind).first() if len(codes) == 1 else None


def payer(line) -> Organization | None:
    """The firm to credit without asking: its number stands in the remark and the money came from its own account.

    Somebody else's money with a firm's number on it is a person's to look at.
    """
    firm = firm_named(line) if line.amount > 0 else None
    return firm if firm and plain(firm.name) == plain(line.counterparty) else None


def suggestion(line) -> Organization | None:
    """The firm that an arrival is probably from."""
    named = firm_named(line)
    if named or not line.counterparty:
        return named
    kind = Organization.Kind.ENTERPRISE
    same = Organization.objects.filter(kind=kind, name=line.counterparty)[:2]
    return same[0] if len(same) == 1 else None


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
