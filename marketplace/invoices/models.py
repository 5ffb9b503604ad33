"""Invoices (数电票): blue for what was paid, red for what went back."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.crypto.fields import EncryptedTextField
from portal.shell import tenancy


class InvoiceTitle(models.Model):
    """What stands in the buyer's box beside name and tax number, which are the account's own."""

    tenant = tenancy.belongs_to("organization")

    organization = models.OneToOneField(
        "portal.Organization", on_delete=models.PROTECT, related_name="invoice_title"
    )
    address = models.CharField(_("注册地址与电话"), max_length=160, blank=True)
    bank = EncryptedTextField(_("开户行与账号"), max_length=160, blank=True)
    email = models.EmailField(_("收票邮箱"), blank=True)


class InvoiceQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "invoices.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def due(self, at):
        """What somebody has to send to the tax platform, or to ask about."""
        return self.filter(due_at__lte=at).order_by("due_at")

    def locked(self, invoice_id):
        rows = self.select_for_update(of=("self",), no_key=True).select_related("organization", "original")
        return rows.get(id=invoice_id)


class Invoice(models.Model):
    """An invoice asked for, and what the tax platform made of it. A red one names the blue one it takes back from."""

    tenant = tenancy.belongs_to("organization")

    class Color(models.TextChoices):
        BLUE = "blue", _("蓝字")
        RED = "red", _("红字")

    class Status(models.TextChoices):
        REQUESTED = "requested", _("开具中")
        ISSUED = "issued", _("已开具")
        REFUSED = "refused", _("未能开具")

    NEXT = {Status.REQUESTED: {Status.ISSUED, Status.REFUSED}}

    code = models.CharField(_("申请编号"), max_length=32, unique=True)
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="invoices")
    color = models.CharField(_("类型"), max_length=4, choices=Color)
    original = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="reds")
    amount = models.BigIntegerField(_("价税合计（分）"))
    tax = models.BigIntegerField(_("其中税额（分）"))
    tax_rate = models.DecimalField(_("税率"), max_digits=5, decimal_places=4)
    reddened = models.BigIntegerField(_("已红冲（分）"), default=0)
    buyer_name = models.CharField(_("购买方名称"), max_length=120)
    buyer_tax_number = models.CharField(_("购买方税号"), max_length=18)
    buyer_address = models.CharField(_("注册地址与电话"), max_length=160, blank=True)
    buyer_bank = EncryptedTextField(_("开户行与账号"), max_length=160, blank=True)
    email = models.EmailField(_("收票邮箱"), blank=True)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.REQUESTED)
    number = models.CharField(_("发票号码"), max_length=20, blank=True)
    file_url = models.CharField(max_length=500, blank=True)
    refusal = models.CharField(_("原因"), max_length=200, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField(_("申请时间"))
    issued_at = models.DateTimeField(_("开票时间"), null=True)
    idempotency_key = models.CharField(max_length=255)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"], name="one_invoice_per_firm_and_key"
            ),
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number=""), name="one_invoice_per_number"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, tax__gte=0, tax__lt=F("amount")), name="invoice_is_worth_something"
            ),
            models.CheckConstraint(
                condition=Q(color="red", original__isnull=False) | Q(color="blue", original=None),
                name="only_a_red_invoice_names_its_original",
            ),
            models.CheckConstraint(
                condition=Q(reddened__gte=0, reddened__lte=F("amount")),
                name="no_more_is_reddened_than_was_blue",
            ),
            models.CheckConstraint(
                condition=Q(status="issued", issued_at__isnull=False) & ~Q(number="")
                | ~Q(status="issued") & Q(number="", issued_at=None),
                name="issued_invoice_has_its_number",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="invoices_due")]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return f"/invoices/{self.code}/"
