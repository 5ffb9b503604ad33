"""A firm's share of a programme."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.shell import tenancy


class VoucherQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "vouchers.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def active(self):
        return self.filter(status=Voucher.Status.ACTIVE)


class Voucher(models.Model):
    """An amount that a firm may spend on compute under a programme's rules, until a date. Its balance is in the ledger."""

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        ACTIVE = "active", _("可用")
        EXPIRED = "expired", _("已过期")

    NEXT = {Status.ACTIVE: {Status.EXPIRED}}

    code = models.CharField(_("券号"), max_length=32, unique=True)
    programme = models.ForeignKey("subsidies.Programme", on_delete=models.PROTECT, related_name="vouchers")
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="vouchers")
    amount = models.BigIntegerField(_("券面金额（分）"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.ACTIVE)
    expires_at = models.DateTimeField(_("有效期至"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    issued_at = models.DateTimeField(_("发放时间"))
    idempotency_key = models.CharField(max_length=255)

    objects = VoucherQuerySet.as_manager()

    class Meta:
        ordering = ["expires_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="voucher_is_worth_something"),
            models.UniqueConstraint(fields=["programme", "idempotency_key"], name="one_voucher_per_key"),
        ]
        indexes = [models.Index(fields=["organization", "status"])]
