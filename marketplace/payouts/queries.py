"""What can be paid, what the bank has said of it, and where the two differ."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from marketplace.bank.models import BankLine
from marketplace.payments.models import Refund
from marketplace.payouts.models import Payout, PayoutAccount
from marketplace.settlement.models import Statement
from portal.shell.codes import codes_in
from portal.shell.money import yuan


def payable():
    """Statements that their providers confirmed, with something to pay and no payment on its way."""
    taken = Payout.objects.filter(status__in=["prepared", "ordered", "paid"]).exclude(statement=None)
    rows = Statement.objects.providers().filter(status=Statement.Status.CONFIRMED, due__gt=0)
    return rows.exclude(id__in=taken.values("statement")).order_by("id")


def refundable():
    """Refunds of transfers that two persons agreed on, or that an order left, and that no batch has taken up."""
    taken = Payout.objects.filter(status__in=["prepared", "ordered", "paid"]).exclude(refund=None)
    rows = Refund.objects.by_bank().filter(status=Refund.Status.DUE, failure="")
    return rows.exclude(id__in=taken.values("refund")).order_by("id")


def accounts() -> dict[str, PayoutAccount]:
    """The account in force of each provider, by the provider's code."""
    return {row.provider.code: row for row in PayoutAccount.objects.in_force().select_related("provider")}


@dataclass(frozen=True)
class Finding:
    """A bank line that speaks of a payout: the payout it settles, or what does not fit, in words."""

    line: BankLine
    payout: Payout | None = None
    problem: str = ""


def findings(lines: Iterable[BankLine]) -> list[Finding]:
    """What the bank's open lines say of payouts, by number and to the fen."""
    named = {line: numbers for line in lines if (numbers := sorted(codes_in(line.remark, "PO")))}
    codes = {number for numbers in named.values() for number in numbers}
    payouts = {payout.code: payout for payout in Payout.objects.filter(code__in=codes)}
    return [_finding(line, numbers, payouts) for line, numbers in named.items()]


def _finding(line, numbers, payouts) -> Finding:
    if len(numbers) > 1:
        return Finding(line, None, _("附言有多个付款编号"))
    payout = payouts.get(numbers[0])
    if payout is None:
        return Finding(line, None, _("没有付款编号 %(code)s") % {"code": numbers[0]})
    if abs(line.amount) != payout.amount:
        words = _("付款 %(code)s 为 ¥%(ours)s，银行为 ¥%(theirs)s")
        values = {"code": payout.code, "ours": yuan(payout.amount), "theirs": yuan(abs(line.amount))}
        return Finding(line, None, words % values)
    wanted = Payout.Status.ORDERED if line.amount < 0 else Payout.Status.PAID
    if payout.status != wanted:
        words = _("付款 %(code)s 现为“%(status)s”") % {
            "code": payout.code,
            "status": payout.get_status_display(),
        }
        return Finding(line, None, words)
    return Finding(line, payout)


def open_lines():
    """The bank's lines that nobody has settled and that name a payout."""
    return BankLine.objects.waiting().filter(remark__icontains="PO").order_by("id")
