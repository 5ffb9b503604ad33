"""The bank's own word, line by line, and the days on which it agreed with our books."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import can
from portal.crypto.fields import EncryptedTextField
from portal.shell import tenancy
from portal.shell.models import AppendOnly


class BankFile(AppendOnly):
    """A statement file that was taken whole."""

    tenant = tenancy.belongs_to()

    code = models.CharField(_("文件编号"), max_length=32, unique=True)
    name = models.CharField(_("文件名"), max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    opening = models.BigIntegerField(_("期初余额（分）"))
    closing = models.BigIntegerField(_("期末余额（分）"))
    line_count = models.PositiveIntegerField(_("新流水条数"))
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(_("导入时间"))

    class Meta:
        ordering = ["-id"]


class BankLineQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self if can(user, "receipts.view") else self.none()

    def waiting(self):
        return self.filter(status=BankLine.Status.WAITING)

    def certain(self):
        """What says by itself whose it is and has not been credited yet."""
        return self.waiting().exclude(payer=None)

    def of_the_provider(self):
        """What may be a payout of the payment provider."""
        return self.waiting().filter(amount__gt=0, counterparty__icontains=settings.STRIPE_PAYOUT_NAME)

    def locked(self, line_id):
        return (
            self.select_for_update(of=("self",), no_key=True)
            .select_related("payer", "payment")
            .get(id=line_id)
        )


class BankLine(models.Model):
    """One movement on the platform's account at the bank, and what we made of it."""

    tenant = tenancy.belongs_to()

    class Status(models.TextChoices):
        WAITING = "waiting", _("待处理")
        MATCHED = "matched", _("已匹配")
        EXPLAINED = "explained", _("已说明")

    class Finding(models.TextChoices):
        """Why a line did not explain itself."""

        PAID_OUT = "paid_out", _("支出")
        NO_NUMBER = "no_number", _("附言没有单位编号或支付编号")
        SEVERAL_NUMBERS = "several_numbers", _("附言有多个编号")
        UNKNOWN_NUMBER = "unknown_number", _("没有这个编号")
        THIRD_PARTY = "third_party", _("户名与单位不一致")
        OTHER_AMOUNT = "other_amount", _("金额与支付单不符")
        PAID_ALREADY = "paid_already", _("该支付单此前已到账")
        NO_PAYOUT = "no_payout", _("支付机构没有这个金额的结转")

    NEXT = {Status.WAITING: {Status.MATCHED, Status.EXPLAINED}}

    code = models.CharField(_("编号"), max_length=32, unique=True)
    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="lines")
    bank_reference = models.CharField(_("银行流水号"), max_length=64, unique=True)
    booked_on = models.DateField(_("记账日期"))
    amount = models.BigIntegerField(_("金额（分）"))
    counterparty = models.CharField(_("对方户名"), max_length=120, blank=True)
    counter_account = EncryptedTextField(_("对方账号"), max_length=40, blank=True)
    remark = models.CharField(_("附言"), max_length=200, blank=True)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.WAITING)
    finding = models.CharField(_("差异"), max_length=16, choices=Finding, blank=True)
    payer = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, null=True, related_name="+")
    payment = models.ForeignKey(
        "marketplace.Payment", on_delete=models.PROTECT, null=True, related_name="bank_lines"
    )
    provider_payout = models.OneToOneField(
        "marketplace.ProviderEntry", on_delete=models.PROTECT, null=True, related_name="bank_line"
    )
    receipt = models.OneToOneField(
        "marketplace.BankReceipt", on_delete=models.PROTECT, null=True, related_name="bank_line"
    )
    explanation = models.CharField(_("说明"), max_length=200, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(_("处理时间"), null=True)

    objects = BankLineQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="bank_line_moves_something"),
            models.CheckConstraint(
                condition=Q(status="matched", receipt__isnull=False, amount__gt=0)
                | (~Q(status="matched") & Q(receipt=None)),
                name="matched_bank_line_has_its_receipt",
            ),
            models.CheckConstraint(
                condition=~Q(status="explained") | ~Q(explanation=""), name="explained_bank_line_says_why"
            ),
        ]
        indexes = [models.Index(fields=["status", "booked_on"])]

    def get_absolute_url(self):
        return f"/bank/{self.code}/"


class BankDay(AppendOnly):
    """A day on which bank and books agreed: nothing of it changes any more."""

    tenant = tenancy.belongs_to()

    on = models.DateField(_("日期"), unique=True)
    closing = models.BigIntegerField(_("银行余额（分）"))
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("日结时间"))

    class Meta:
        ordering = ["-on"]

    @property
    def code(self) -> str:
        return f"BD-{self.on:%Y%m%d}"
