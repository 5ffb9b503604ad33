"""What providers sell."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.shell import tenancy


class PlanQuerySet(models.QuerySet):
    def on_shelf(self):
        return self.filter(is_listed=True)

    def visible_to(self, user):
        return self.on_shelf()

    def priced(self, at):
        """With the unit price in force at this moment; plans without one are left out."""
        current = PlanPrice.objects.filter(plan=models.OuterRef("pk")).in_force(at).values("unit_price")[:1]
        return self.annotate(unit_price=models.Subquery(current)).filter(unit_price__isnull=False)


class Plan(models.Model):
    """One provider's offer of one accelerator, sold by the card-hour."""

    tenant = tenancy.Public("the catalogue")

    class Kind(models.TextChoices):
        BATCH = "batch", _("批处理作业")

    code = models.CharField(max_length=32, unique=True)
    provider = models.ForeignKey("federation.Provider", on_delete=models.PROTECT, related_name="plans")
    accelerator = models.ForeignKey("federation.Accelerator", on_delete=models.PROTECT, related_name="plans")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.BATCH)
    cards_max = models.PositiveIntegerField(_("单个订单最多卡数"))
    hours_max = models.PositiveIntegerField(_("单个订单最长小时数"))
    is_listed = models.BooleanField(_("在售"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "accelerator", "kind"], name="one_plan_per_offer"),
            models.CheckConstraint(
                condition=Q(cards_max__gt=0, hours_max__gt=0), name="plan_limits_are_positive"
            ),
        ]

    def __str__(self):
        return f"{self.accelerator} · {self.provider}"


class PlanPriceQuerySet(models.QuerySet):
    def in_force(self, at):
        return self.filter(effective_from__lte=at).filter(Q(effective_to=None) | Q(effective_to__gt=at))


class PlanPrice(models.Model):
    """The price of a card-hour in yuan, from one date to another. A later price never changes an order already placed."""

    tenant = tenancy.Public("prices are published")

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="prices")
    unit_price = models.DecimalField(_("单价（元/卡时）"), max_digits=18, decimal_places=8)
    effective_from = models.DateTimeField()
    effective_to = models.DateTimeField(null=True)

    objects = PlanPriceQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_from"]
        constraints = [
            models.CheckConstraint(condition=Q(unit_price__gt=0), name="price_is_positive"),
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gt=F("effective_from")),
                name="price_ends_after_it_begins",
            ),
            models.UniqueConstraint(
                fields=["plan"], condition=Q(effective_to=None), name="one_open_price_per_plan"
            ),
        ]


class PriceDraftQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "prices.view")
        return self if ids is ALL else self.filter(provider__organization_id__in=ids)

    def open(self):
        return self.filter(status__in=PriceDraft.OPEN)

    def locked(self, draft_id):
        rows = self.select_for_update(of=("self",), no_key=True)
        return rows.select_related("provider__organization", "accelerator").get(id=draft_id)


class PriceDraft(models.Model):
    """What a provider wants to sell from a date on: written by it, reviewed by the platform, then put on the shelf."""

    tenant = tenancy.belongs_to("provider__organization")

    class Status(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待审核")
        APPROVED = "approved", _("待生效")
        PUBLISHED = "published", _("已上架")
        REFUSED = "refused", _("未通过")
        WITHDRAWN = "withdrawn", _("已撤回")

    NEXT = {
        Status.DRAFT: {Status.SUBMITTED, Status.WITHDRAWN},
        Status.SUBMITTED: {Status.APPROVED, Status.REFUSED, Status.WITHDRAWN},
        Status.APPROVED: {Status.PUBLISHED, Status.WITHDRAWN},
    }
    OPEN = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED)

    code = models.CharField(_("草稿编号"), max_length=32, unique=True)
    provider = models.ForeignKey("federation.Provider", on_delete=models.PROTECT, related_name="price_drafts")
    accelerator = models.ForeignKey("federation.Accelerator", on_delete=models.PROTECT, related_name="+")
    unit_price = models.DecimalField(_("单价（元/卡时）"), max_digits=18, decimal_places=8)
    cards_max = models.PositiveIntegerField(_("单个订单最多卡数"))
    hours_max = models.PositiveIntegerField(_("单个订单最长小时数"))
    is_listed = models.BooleanField(_("在售"), default=True)
    effective_from = models.DateTimeField(_("生效时间"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.DRAFT)
    refusal = models.CharField(_("原因"), max_length=300, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("编辑时间"))
    published_at = models.DateTimeField(_("上架时间"), null=True)

    objects = PriceDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit_price__gt=0, cards_max__gt=0, hours_max__gt=0),
                name="price_draft_is_positive",
            ),
            models.UniqueConstraint(
                fields=["provider", "accelerator"],
                condition=Q(status__in=["draft", "submitted", "approved"]),
                name="one_open_draft_per_offer",
            ),
        ]

    def get_absolute_url(self):
        return f"/prices/{self.code}/"

    def __str__(self):
        return f"{self.accelerator} · {self.provider}"
