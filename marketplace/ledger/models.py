"""Accounts, journals and entries: what we owe, are owed and hold, to the fen."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy
from portal.shell.models import AppendOnly


class Book(models.TextChoices):
    CNY = "CNY", _("人民币（分）")
    VOUCHER = "VOUCHER", _("算力券（分）")


DEBIT, CREDIT = 1, -1


class Kind(models.TextChoices):
    BANK = "bank", _("银行存款")
    PREPAID = "prepaid", _("客户预存款")
    PREPAID_HELD = "prepaid_held", _("客户冻结款")
    SUBSIDY_ACCRUED = "subsidy_accrued", _("应收补贴（未出账）")
    SUBSIDY_RECEIVABLE = "subsidy_receivable", _("应收补贴（已出账）")
    PROVIDER_ACCRUED = "provider_accrued", _("应付服务商（未出账）")
    PROVIDER_PAYABLE = "provider_payable", _("应付服务商（已出账）")
    COMMISSION = "commission", _("交易服务佣金")
    APPROPRIATION = "appropriation", _("财政安排")
    POOL = "pool", _("券池余额")
    VOUCHER = "voucher", _("可用券")
    VOUCHER_FROZEN = "voucher_frozen", _("冻结券")
    VOUCHER_REDEEMED = "voucher_redeemed", _("已核销券")


# kind → (book, side on which it normally grows, may it never fall below zero)
CHART = {
    Kind.BANK: (Book.CNY, DEBIT, False),
    Kind.PREPAID: (Book.CNY, CREDIT, True),
    Kind.PREPAID_HELD: (Book.CNY, CREDIT, True),
    Kind.SUBSIDY_ACCRUED: (Book.CNY, DEBIT, False),
    Kind.SUBSIDY_RECEIVABLE: (Book.CNY, DEBIT, False),
    Kind.PROVIDER_ACCRUED: (Book.CNY, CREDIT, False),
    Kind.PROVIDER_PAYABLE: (Book.CNY, CREDIT, False),
    Kind.COMMISSION: (Book.CNY, CREDIT, False),
    Kind.APPROPRIATION: (Book.VOUCHER, DEBIT, False),
    Kind.POOL: (Book.VOUCHER, CREDIT, True),
    Kind.VOUCHER: (Book.VOUCHER, CREDIT, True),
    Kind.VOUCHER_FROZEN: (Book.VOUCHER, CREDIT, True),
    Kind.VOUCHER_REDEEMED: (Book.VOUCHER, CREDIT, False),
}


class Account(AppendOnly):
    """One owner's money of one kind. Bounded accounts carry a balance that a trigger keeps and that never goes below zero."""

    tenant = tenancy.Public("the city's own books: asked for one owner's account by name")

    code = models.CharField(max_length=100, unique=True)
    book = models.CharField(max_length=8, choices=Book)
    kind = models.CharField(max_length=20, choices=Kind)
    owner = models.CharField(max_length=40)
    side = models.SmallIntegerField(choices=[(DEBIT, _("借")), (CREDIT, _("贷"))])
    is_bounded = models.BooleanField()
    balance = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "owner"], name="one_account_per_kind_and_owner"),
            models.CheckConstraint(
                condition=Q(is_bounded=False) | Q(balance__gte=0), name="bounded_balance_is_never_negative"
            ),
        ]

    def __str__(self):
        return self.code


class Journal(AppendOnly):
    """One event that moved money, with the reference that lets it happen only once."""

    tenant = tenancy.Public("the city's own books")

    reference = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=24)
    subject = models.CharField(max_length=64)
    entry_count = models.PositiveIntegerField()
    booked_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject"])]


class Entry(AppendOnly):
    """One leg: positive is debit, negative is credit, in fen."""

    tenant = tenancy.Public("the city's own books")

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    amount = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["account", "-id"])]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="entry_moves_something")]
