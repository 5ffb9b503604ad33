"""Who owns the city's machines."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.organizations.models import Organization
from portal.shell import tenancy


class Provider(models.Model):
    """An owner of compute who sells through the city's platform."""

    tenant = tenancy.Public("the catalogue names who supplies")

    code = models.CharField(max_length=32, unique=True)
    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="provider")
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    is_simulated = models.BooleanField(_("模拟"), default=False)
    commission_rate = models.DecimalField(
        _("平台服务费率"), max_digits=6, decimal_places=4, default=Decimal("0.0500")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(commission_rate__gte=0, commission_rate__lte=1),
                name="provider_commission_is_a_share",
            )
        ]

    def __str__(self):
        return self.name
