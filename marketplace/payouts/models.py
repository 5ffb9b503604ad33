"""Where a provider is paid, what is paid in one go, and what became of each payment."""

from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.payments.models import Refund
from marketplace.settlement.models import Statement
from portal.accounts.permissions import ALL, can, organization_ids
from portal.crypto.fields import EncryptedTextField
from portal.shell import tenancy


def person(**options):
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", **options)


class Locking(models.QuerySet):
    def locked(self, row_id):
        return self.select_for_update(of=("self",), no_key=True).get(id=row_id)


class PayoutAccountQuerySet(Locking):
    def visible_to(self, user):
        ids = organization_ids(user, "statements.answer")
        mine = self if can(user, "payouts.view") else self.filter(provider__organization_id__in=ids)
        return mine.select_related("provider")

    def in_force(self):
        return self.filter(status=PayoutAccount.Status.IN_FORCE)


class PayoutAccount(models.Model):
    """The bank account a provider is paid to: named by the provider, taken into force by platform finance."""

    tenant = tenancy.belongs_to("provider__organization")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        IN_FORCE = "in_force", _("使用中")
        REFUSED = "refused", _("未通过")
        REPLACED = "replaced", _("已更换")

    NEXT = {
        Status.PROPOSED: {Status.IN_FORCE, Status.REFUSED},
        Status.IN_FORCE: {Status.REPLACED},
    }

    code = models.CharField(max_length=32, unique=True)
    provider = models.ForeignKey(
        "federation.Provider", on_delete=models.PROTECT, related_name="payout_accounts"
    )
    holder = models.CharField(_("户名"), max_length=120)
    bank = models.CharField(_("开户行"), max_length=120)
    number = EncryptedTextField(_("账号"), max_length=40)
    ending = models.CharField(_("账号末四位"), max_length=4)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PROPOSED)
    proposed_by = person()
    proposed_at = models.DateTimeField(_("提交时间"))
    decided_by = person(null=True)
    decided_at = models.DateTimeField(_("复核时间"), null=True)
    reason = models.CharField(_("复核意见"), max_length=300, blank=True)

    objects = PayoutAccountQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "status"],
                condition=Q(status__in=["proposed", "in_force"]),
                name="one_payout_account_in_force",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="nobody_approves_their_own_account",
            ),
        ]

    @property
    def masked(self) -> str:
        return f"**** {self.ending}"


class PayoutBatchQuerySet(Locking):
    def visible_to(self, user):
        return self if can(user, "payouts.view") else self.none()


class PayoutBatch(models.Model):
    """Payments that leave together: made by one person of finance and approved by another."""

    tenant = tenancy.belongs_to()

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        APPROVED = "approved", _("已批准付款")
        REFUSED = "refused", _("已驳回")
        CLOSED = "closed", _("已核对")

    NEXT = {
        Status.PROPOSED: {Status.APPROVED, Status.REFUSED},
        Status.APPROVED: {Status.CLOSED},
    }

    code = models.CharField(_("批次编号"), max_length=32, unique=True)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PROPOSED)
    total = models.BigIntegerField(_("合计（分）"))
    count = models.PositiveIntegerField(_("笔数"))
    made_by = person()
    made_at = models.DateTimeField(_("制单时间"))
    approved_by = person(null=True)
    approved_at = models.DateTimeField(_("复核时间"), null=True)
    closed_at = models.DateTimeField(_("核对完成时间"), null=True)

    objects = PayoutBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("made_by")),
                name="nobody_approves_their_own_batch",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "closed"]) | Q(approved_by__isnull=False),
                name="approved_batch_has_a_second_person",
            ),
        ]

    def get_absolute_url(self):
        return f"/payouts/{self.code}/"


class PayoutQuerySet(Locking):
    def visible_to(self, user):
        ids = organization_ids(user, "statements.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def ordered(self):
        return self.filter(status=Payout.Status.ORDERED)

    def in_full(self):
        """With what each pays and where it goes."""
        return self.select_related(
            "batch", "statement", "account", "refund__organization", "refund__payment",
            "refund__receipt__bank_line", "line", "returned_line",
        )  # fmt: skip


@dataclass(frozen=True)
class Payee:
    """The account that a payment goes to, as the bank's file names it."""

    holder: str
    bank: str
    number: str

    @property
    def masked(self) -> str:
        return f"**** {self.number[-4:]}"


class Payout(models.Model):
    """A statement's amount on its way to its provider, or a refund's to its firm; its number stands in the bank's remark."""

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        PREPARED = "prepared", _("待复核")
        ORDERED = "ordered", _("付款中")
        PAID = "paid", _("已付讫")
        FAILED = "failed", _("付款失败")
        RETURNED = "returned", _("已退汇")
        DROPPED = "dropped", _("已撤销")

    NEXT = {
        Status.PREPARED: {Status.ORDERED, Status.DROPPED},
        Status.ORDERED: {Status.PAID, Status.FAILED},
        Status.PAID: {Status.RETURNED},
    }

    code = models.CharField(_("付款编号"), max_length=32, unique=True)
    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="payouts")
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="payouts")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="payouts")
    account = models.ForeignKey(PayoutAccount, on_delete=models.PROTECT, null=True, related_name="+")
    amount = models.BigIntegerField(_("金额（分）"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PREPARED)
    line = models.OneToOneField(
        "marketplace.BankLine", on_delete=models.PROTECT, null=True, related_name="payout"
    )
    returned_line = models.OneToOneField(
        "marketplace.BankLine", on_delete=models.PROTECT, null=True, related_name="returned_payout"
    )
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    settled_at = models.DateTimeField(_("处理时间"), null=True)

    objects = PayoutQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_pays_something"),
            models.UniqueConstraint(
                fields=["statement"],
                condition=Q(status__in=["prepared", "ordered", "paid"]),
                name="a_statement_is_paid_once",
            ),
            models.UniqueConstraint(
                fields=["refund"],
                condition=Q(status__in=["prepared", "ordered", "paid"]),
                name="a_refund_is_paid_once",
            ),
            models.CheckConstraint(
                condition=Q(statement__isnull=False, account__isnull=False, refund=None)
                | Q(statement=None, account=None, refund__isnull=False),
                name="payout_pays_a_statement_or_a_refund",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["paid", "returned"], line__isnull=False)
                | (~Q(status__in=["paid", "returned"]) & Q(line=None)),
                name="paid_payout_has_its_bank_line",
            ),
            models.CheckConstraint(
                condition=Q(status="returned", returned_line__isnull=False)
                | (~Q(status="returned") & Q(returned_line=None)),
                name="returned_payout_has_its_bank_line",
            ),
        ]

    @property
    def subject(self):
        """What it pays."""
        return self.statement or self.refund

    @property
    def payee(self) -> Payee:
        """A provider's account in force, or the one that a transfer came from."""
        if self.account:
            return Payee(self.account.holder, self.account.bank, self.account.number)
        line = self.subject.receipt.bank_line
        return Payee(line.counterparty, "", line.counter_account)
