"""Accounts, journals and entries: what we owe, are owed and hold, to the fen."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.chart import CHART, CREDIT, DEBIT, Book, Cause, Kind
from portal.shell import tenancy
from portal.shell.models import AppendOnly

__all__ = [
    "CHART",
    "CREDIT",
    "DEBIT",
    "Account",
    "Book",
    "Cause",
    "Entry",
    "Journal",
    "JournalSeal",
    "Kind",
    "Snapshot",
]


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

    reference = models.CharField(max_length=100)
    kind = models.CharField(_("事由"), max_length=24, choices=Cause)
    subject = models.CharField(max_length=64)
    entry_count = models.PositiveIntegerField()
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    booked_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="one_journal_per_reference"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="one_reversal_per_journal"
            ),
        ]


class Entry(AppendOnly):
    """One leg: positive is debit, negative is credit, in fen."""

    tenant = tenancy.Public("the city's own books")

    # The trigger asks once for all legs whether both are there; keys would ask for each, and lock a busy account.
    journal = models.ForeignKey(Journal, models.PROTECT, related_name="entries", db_constraint=False)
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    amount = models.BigIntegerField()

    class Meta:
        # The amount lies in the index, so that a balance is summed without looking at the rows.
        indexes = [models.Index(fields=["account", "id"], include=["amount"], name="entries_of_an_account")]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="entry_moves_something")]


class Snapshot(AppendOnly):
    """What a busy account came to at one of its entries: a balance is this and the few entries since."""

    tenant = tenancy.Public("the city's own books")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="snapshots", db_index=False)
    up_to = models.BigIntegerField()
    total = models.BigIntegerField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "up_to"], name="one_snapshot_per_entry")]


class JournalSeal(AppendOnly):
    """A journal's place in the chain of the books: SM3 over the link before it and the journal with its legs."""

    tenant = tenancy.Public("the city's own books")

    journal = models.OneToOneField(Journal, on_delete=models.PROTECT, related_name="seal")
    position = models.BigIntegerField(unique=True)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_index=True)

    @property
    def code(self) -> str:
        """How people name a link of the chain."""
        return f"JN-{self.position}"
