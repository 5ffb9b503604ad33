"""What is set aside for an order, from which source; and who may owe how much."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import can
from portal.shell import tenancy


class FundingHold(models.Model):
    """Part of an order's amount, set aside at one source until it is used or given back."""

    tenant = tenancy.belongs_to("organization")

    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    order_code = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=20)
    is_subsidy = models.BooleanField()
    reference = models.CharField(max_length=40)
    payer = models.CharField(max_length=40)
    label = models.CharField(_("资金来源"), max_length=120)
    explanation = models.JSONField(default=list)
    amount = models.BigIntegerField(_("冻结金额（分）"))
    captured = models.BigIntegerField(_("已使用（分）"), default=0)
    released = models.BigIntegerField(_("已退回（分）"), default=0)
    refunded = models.BigIntegerField(_("已退费（分）"), default=0)
    held_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["order_code", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["order_code", "source", "reference"], name="one_hold_per_order_and_source"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, captured__gte=0, released__gte=0, refunded__gte=0),
                name="hold_parts_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=F("captured") + F("released")), name="hold_gives_no_more_than_it_took"
            ),
            models.CheckConstraint(
                condition=Q(refunded__lte=F("captured")), name="hold_refunds_no_more_than_it_paid"
            ),
            models.CheckConstraint(
                condition=Q(captured=0) | Q(paid_at__isnull=False), name="only_money_that_is_here_pays"
            ),
        ]

    @property
    def clause(self) -> str:
        """The clause of a policy under which it pays; nothing where no policy does."""
        return self.explanation[0]["clause"] if self.explanation else ""


class CreditLineQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self if can(user, "credit.view") else self.none()

    def locked(self, line_id):
        return (
            self.select_for_update(of=("self",), no_key=True).select_related("organization").get(id=line_id)
        )


class CreditLine(models.Model):
    """How much a firm may owe under a contract, until a date: proposed by one person, in force when another agrees."""

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        IN_FORCE = "in_force", _("生效中")
        REPLACED = "replaced", _("已被替代")
        REFUSED = "refused", _("未通过")

    NEXT = {
        Status.PROPOSED: {Status.IN_FORCE, Status.REFUSED},
        Status.IN_FORCE: {Status.REPLACED},
    }

    code = models.CharField(_("授信编号"), max_length=32, unique=True)
    organization = models.ForeignKey(
        "portal.Organization", on_delete=models.PROTECT, related_name="credit_lines"
    )
    contract = models.CharField(_("合同编号"), max_length=40)
    limit = models.BigIntegerField(_("授信额度（分）"))
    valid_until = models.DateTimeField(_("有效期至"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PROPOSED)
    reason = models.CharField(_("理由"), max_length=200)
    refusal = models.CharField(_("未通过的原因"), max_length=300, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("提出时间"))

    objects = CreditLineQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(limit__gte=0), name="credit_limit_is_not_negative"),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(status="in_force"), name="one_credit_line_in_force"
            ),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(status="proposed"), name="one_credit_proposal_at_a_time"
            ),
        ]

    def get_absolute_url(self):
        return f"/credit/{self.code}/"
