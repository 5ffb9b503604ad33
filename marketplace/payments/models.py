"""Money that arrived from outside."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.shell import tenancy
from portal.shell.models import AppendOnly


class BankReceiptQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "receipts.view")
        return self if ids is ALL else self.filter(organization_id__in=organization_ids(user, "wallet.view"))


class BankReceipt(AppendOnly):
    """A bank transfer that the platform's finance office saw on its statement and credited to a firm."""

    tenant = tenancy.belongs_to("organization")

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    bank_reference = models.CharField(_("银行流水号"), max_length=64, unique=True)
    amount = models.BigIntegerField(_("金额（分）"))
    received_on = models.DateField(_("到账日期"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    recorded_at = models.DateTimeField()

    objects = BankReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="receipt_brings_something")]
