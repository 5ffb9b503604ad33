"""What is set aside for an order, from which source."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy


class FundingHoldQuerySet(models.QuerySet):
    def open(self):
        return self.filter(amount__gt=F("captured") + F("released"))


class FundingHold(models.Model):
    """Part of an order's amount, set aside at one source until it is used or given back."""

    tenant = tenancy.belongs_to("organization")

    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    order_code = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=20)
    reference = models.CharField(max_length=40)
    payer = models.CharField(max_length=40)
    label = models.CharField(_("资金来源"), max_length=120)
    explanation = models.JSONField(default=list)
    amount = models.BigIntegerField(_("冻结金额（分）"))
    captured = models.BigIntegerField(_("已使用（分）"), default=0)
    released = models.BigIntegerField(_("已退回（分）"), default=0)
    held_at = models.DateTimeField()

    objects = FundingHoldQuerySet.as_manager()

    class Meta:
        ordering = ["order_code", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["order_code", "source", "reference"], name="one_hold_per_order_and_source"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, captured__gte=0, released__gte=0),
                name="hold_parts_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=F("captured") + F("released")), name="hold_gives_no_more_than_it_took"
            ),
        ]
