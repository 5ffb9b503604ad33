"""Vouchers as a way to pay: quoted by the calculator, set aside and redeemed through the ledger."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from marketplace.funding.protocol import Choice, Part
from marketplace.ledger.actions import Line, transfer
from marketplace.ledger.models import Account, Kind
from marketplace.ledger.queries import balances, totals_by_owner
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from subsidies.budgets.models import Programme
from subsidies.policies import wording
from subsidies.policies.calculator import VoucherFacts, deductions
from subsidies.vouchers.models import Voucher


class VoucherNotUsable(Refusal):
    """This voucher cannot pay for this."""

    code = "voucher_not_usable"


def _facts(voucher, remaining) -> VoucherFacts:
    return VoucherFacts(
        code=voucher.code,
        programme=voucher.programme.code,
        rules=voucher.programme.version.parsed,
        remaining=remaining,
        expires_at=voucher.expires_at,
    )


def _is_usable(voucher, at) -> bool:
    return (
        voucher.status == Voucher.Status.ACTIVE
        and voucher.expires_at > at
        and voucher.programme.status == Programme.Status.PUBLISHED
    )


@dataclass(frozen=True)
class OpenedVouchers:
    usable: dict[str, VoucherFacts]
    labels: dict[str, str]
    unusable: frozenset[str]

    def covers(self, purchase, remaining):
        return sum([d.amount for d in deductions(purchase, self.usable.values(), residual=remaining)])

    def parts(self, purchase, remaining, *, chosen=None):
        offered = self.usable.values()
        if chosen is not None:
            self._refuse_strangers(chosen)
            offered = [voucher for voucher in offered if voucher.code in chosen]
        return [
            Part(
                source=Vouchers.code,
                reference=d.voucher.code,
                payer=d.voucher.programme,
                label=self.labels[d.voucher.code],
                amount=d.amount,
                explanation=tuple(d.steps),
            )
            for d in deductions(purchase, offered, residual=remaining)
        ]

    def choices(self):
        return [
            Choice(
                v.code,
                _("%(name)s · %(code)s · 余额 ¥%(left)s · %(until)s 到期")
                % {
                    "name": self.labels[v.code],
                    "code": v.code,
                    "left": yuan(v.remaining),
                    "until": f"{localtime(v.expires_at):%Y-%m-%d}",
                },
            )
            for v in self.usable.values()
            if v.remaining
        ]

    def offered(self):
        return None

    def _refuse_strangers(self, chosen):
        for code in sorted(chosen - self.usable.keys()):
            if code in self.unusable:
                raise VoucherNotUsable(
                    _("算力券 %(code)s 已过期或已停用，请取消勾选后重试。") % {"code": code},
                    code="voucher_expired",
                    field="vouchers",
                )
            # The same words whether it is another firm's or nobody's: existence is not disclosed.
            raise VoucherNotUsable(
                _("本单位没有算力券 %(code)s，请核对券号。") % {"code": code},
                code="voucher_unknown",
                field="vouchers",
            )


class Vouchers:
    """District before city, oldest expiry first, as each programme's rules allow."""

    code = "vouchers"
    is_subsidy = True
    patience = None

    def open(self, organization, purse, at):
        if not organization:
            return OpenedVouchers({}, {}, frozenset())
        rows = list(
            Voucher.objects.filter(organization=organization).select_related("programme__version__policy")
        )
        left = balances([Kind.VOUCHER], [v.code for v in rows]) if rows else {}
        usable = {v.code: _facts(v, left.get((Kind.VOUCHER, v.code), 0)) for v in rows if _is_usable(v, at)}
        return OpenedVouchers(
            usable=usable,
            labels={v.code: v.programme.name for v in rows},
            unusable=frozenset(v.code for v in rows if v.code not in usable),
        )

    def hold(self, order_code, parts, organization, by, at):
        locked = {
            voucher.code: voucher
            for voucher in Voucher.objects.select_for_update(of=("self",), no_key=True)
            .select_related("programme")
            .filter(code__in=[part.reference for part in parts], organization=organization)
            .order_by("id")
        }
        lines = []
        for part in parts:
            if not _is_usable(locked[part.reference], at):
                raise VoucherNotUsable(
                    _("算力券 %(code)s 已过期或已停用，请取消勾选后重试。") % {"code": part.reference},
                    code="voucher_expired",
                    field="vouchers",
                )
            lines += transfer(
                part.amount, (Kind.VOUCHER, part.reference), (Kind.VOUCHER_FROZEN, part.reference)
            )
        return lines

    def capture(self, reference, organization, amount, at):
        if not amount:
            return []
        programme = Voucher.objects.values_list("programme__code", flat=True).get(code=reference)
        return [
            Line(Kind.SUBSIDY_ACCRUED, programme, amount),
            *transfer(amount, (Kind.VOUCHER_FROZEN, reference), (Kind.VOUCHER_REDEEMED, reference)),
        ]

    def release(self, reference, organization, amount, at):
        return transfer(amount, (Kind.VOUCHER_FROZEN, reference), self._home(reference)) if amount else []

    def refund(self, reference, organization, amount, at):
        if not amount:
            return []
        programme = Voucher.objects.values_list("programme__code", flat=True).get(code=reference)
        return [
            Line(Kind.SUBSIDY_ACCRUED, programme, -amount),
            *transfer(amount, (Kind.VOUCHER_REDEEMED, reference), self._home(reference)),
        ]

    def _home(self, reference):
        """Where unspent value of a voucher belongs now."""
        # Locked, so that the expiry sweep cannot pass between this look and the posting.
        voucher = (
            Voucher.objects.select_for_update(of=("self",), no_key=True)
            .select_related("programme")
            .get(code=reference)
        )
        is_expired = voucher.status == Voucher.Status.EXPIRED
        return (Kind.POOL, voucher.programme.code) if is_expired else (Kind.VOUCHER, voucher.code)

    def explain(self, steps):
        return [wording.sentence(step) for step in steps]

    def payer_name(self, payer):
        return Programme.objects.values_list("name", flat=True).get(code=payer)

    def breaks(self):
        """Each voucher's states must add up to what it was issued for; what expired went back to the pool."""
        spent = totals_by_owner(Kind.VOUCHER_REDEEMED)
        open_kinds = [Kind.VOUCHER, Kind.VOUCHER_FROZEN]
        held = defaultdict(int)
        for owner, amount in Account.objects.filter(kind__in=open_kinds).values_list("owner", "balance"):
            held[owner] += amount
        returned = totals_by_owner(Kind.VOUCHER, journal_kinds=["voucher-expired"])
        late = Counter(totals_by_owner(Kind.VOUCHER_FROZEN, journal_kinds=["order-released"]))
        late.update(totals_by_owner(Kind.VOUCHER_REDEEMED, journal_kinds=["bill-refunded"]))
        back = totals_by_owner(Kind.VOUCHER, journal_kinds=["order-released", "bill-refunded"])
        for code, amount in Voucher.objects.values_list("code", "amount").iterator():
            to_pool = -returned.get(code, 0) - late[code] - back.get(code, 0)
            total = held[code] + spent.get(code, 0) + to_pool
            if total != amount:
                yield f"voucher {code}: issued {amount}, states add up to {total}"
