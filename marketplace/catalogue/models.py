"""What providers sell."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from marketplace.pricing import tariffs
from portal.accounts.permissions import ALL, organization_ids
from portal.shell import tenancy


class Kind(models.TextChoices):
    """What one buys: each kind is sold by its own units."""

    BATCH = "batch", _("批处理作业")
    INTERACTIVE = "interactive", _("开发机")
    RESERVED = "reserved", _("包年包月")
    TOKENS = "tokens", _("模型服务")
    SERVICE = "service", _("专业服务")


class Unit(models.TextChoices):
    """What a price is the price of, in words."""

    CARD_HOUR = tariffs.Unit.CARD_HOUR.value, _("卡时")
    CARD_DAY = tariffs.Unit.CARD_DAY.value, _("卡·天")
    CARD_MONTH = tariffs.Unit.CARD_MONTH.value, _("卡·月")
    NODE_MONTH = tariffs.Unit.NODE_MONTH.value, _("整机·月")
    MILLION_TOKENS = tariffs.Unit.MILLION_TOKENS.value, _("百万词元")
    PIECE = tariffs.Unit.PIECE.value, _("次")


UNITS = {
    Kind.BATCH: (Unit.CARD_HOUR,),
    Kind.INTERACTIVE: (Unit.CARD_HOUR,),
    Kind.RESERVED: (Unit.CARD_DAY, Unit.CARD_MONTH, Unit.NODE_MONTH),
    Kind.TOKENS: (Unit.MILLION_TOKENS,),
    Kind.SERVICE: (Unit.PIECE,),
}


class SoldAs(models.Model):
    """As what something is sold: its kind, the unit of its price, and how many months one must promise for it."""

    kind = models.CharField(_("商品类型"), max_length=12, choices=Kind, default=Kind.BATCH)
    unit = models.CharField(_("计价单位"), max_length=16, choices=Unit, default=Unit.CARD_HOUR)
    term = models.PositiveSmallIntegerField(_("承诺月数"), default=0)

    class Meta:
        abstract = True

    def size_words(self, count: int, length: Decimal) -> str:
        """How much of it: so many cards for so long."""
        match self.unit:
            case Unit.CARD_HOUR:
                said = ngettext("%(cards)s 卡 × %(hours)s 小时", "%(cards)s 卡 × %(hours)s 小时", count)
            case Unit.CARD_DAY:
                said = ngettext("%(cards)s 卡 × %(hours)s 天", "%(cards)s 卡 × %(hours)s 天", count)
            case Unit.CARD_MONTH:
                said = ngettext("%(cards)s 卡 × %(hours)s 个月", "%(cards)s 卡 × %(hours)s 个月", count)
            case Unit.NODE_MONTH:
                said = ngettext(
                    "%(cards)s 台整机 × %(hours)s 个月", "%(cards)s 台整机 × %(hours)s 个月", count
                )
            case Unit.MILLION_TOKENS:
                said = gettext("%(cards)s 百万词元")
            case _other:
                said = gettext("%(cards)s 次")
        return said % {"cards": f"{count:,}", "hours": tariffs.plain(length)}


def sold_as_is_known() -> Q:
    """Each kind by its own units, and a promise of months only for what is sold by the month."""
    pairs = Q()
    for kind, units in UNITS.items():
        pairs |= Q(kind=kind.value, unit__in=[unit.value for unit in units])
    return pairs & (Q(term=0) | Q(unit__in=sorted(unit.value for unit in tariffs.MONTHLY)))


class Priced(models.Model):
    """The price of the first unit, what it falls to above which quantities, what leaving before the term costs, and of
    how many units the packages are that are paid whole.
    """

    unit_price = models.DecimalField(_("单价（元）"), max_digits=18, decimal_places=8)
    tiers = ArrayField(
        ArrayField(models.DecimalField(max_digits=18, decimal_places=8), size=2),
        verbose_name=_("阶梯价"),
        default=list,
    )
    early_price = models.DecimalField(_("提前结束的单价（元）"), max_digits=18, decimal_places=8, null=True)
    package = models.PositiveIntegerField(_("每份数量"), null=True)

    class Meta:
        abstract = True


def tariff(sold_as, prices) -> tariffs.Tariff:
    """Prices by the unit and the term of what is sold."""
    tiers = tuple((above, price) for above, price in prices.tiers)
    unit = tariffs.Unit(sold_as.unit)
    return tariffs.Tariff(unit, prices.unit_price, tiers, sold_as.term, prices.early_price, prices.package)


def leaving_early_is_dearer() -> Q:
    return Q(early_price=None) | Q(early_price__gte=F("unit_price"))


class PlanQuerySet(models.QuerySet):
    def on_shelf(self):
        return self.filter(is_listed=True)

    def visible_to(self, user):
        return self.on_shelf()

    def priced(self, at):
        """With the prices in force at this moment; plans without any are left out."""
        has_begun = Q(prices__effective_from__lte=at)
        is_not_over = Q(prices__effective_to=None) | Q(prices__effective_to__gt=at)
        plans = self.annotate(price=models.FilteredRelation("prices", condition=has_begun & is_not_over))
        return plans.filter(price__isnull=False).annotate(
            **{field.name: F(f"price__{field.name}") for field in Priced._meta.fields}
        )

    def twins(self, sold):
        """What is sold as the same thing: by this provider, of this card, by this unit and term."""
        names = ("provider", "accelerator", "kind", "unit", "term")
        return self.filter(**{name: getattr(sold, name) for name in names})


class Plan(SoldAs):
    """One provider's offer of one accelerator, sold as one kind by one unit."""

    tenant = tenancy.Public("the catalogue")

    # What can be delivered here; the others wait for their centres.
    ORDERABLE = (Kind.BATCH, Kind.RESERVED)
    # What a unit of time counts for in the longest time of an order.
    HOURS = {Unit.CARD_DAY: 24, Unit.CARD_MONTH: 730, Unit.NODE_MONTH: 730}

    code = models.CharField(max_length=32, unique=True)
    provider = models.ForeignKey("federation.Provider", on_delete=models.PROTECT, related_name="plans")
    accelerator = models.ForeignKey("federation.Accelerator", on_delete=models.PROTECT, related_name="plans")
    cards_max = models.PositiveIntegerField(_("单个订单最多卡数"))
    hours_max = models.PositiveIntegerField(_("单个订单最长小时数"))
    is_listed = models.BooleanField(_("在售"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "accelerator", "kind", "unit", "term"], name="one_plan_per_offer"
            ),
            models.CheckConstraint(condition=sold_as_is_known(), name="plan_is_sold_by_its_units"),
            models.CheckConstraint(
                condition=Q(cards_max__gt=0, hours_max__gt=0), name="plan_limits_are_positive"
            ),
        ]

    def get_absolute_url(self):
        return f"/marketplace/plans/{self.code}/"

    def __str__(self):
        return f"{self.accelerator} · {self.provider}"

    @property
    def is_orderable(self) -> bool:
        return self.kind in self.ORDERABLE

    @property
    def is_reserved(self) -> bool:
        return self.kind == Kind.RESERVED

    @property
    def length_max(self) -> int:
        """The longest order in hours, days or months, as it is sold."""
        return self.hours_max // self.HOURS.get(Unit(self.unit), 1)


class PlanPriceQuerySet(models.QuerySet):
    def in_force(self, at):
        return self.filter(effective_from__lte=at).filter(Q(effective_to=None) | Q(effective_to__gt=at))


class PlanPrice(Priced):
    """The prices of a plan in yuan, from one date to another. Later ones never change an order already placed."""

    tenant = tenancy.Public("prices are published")

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="prices")
    effective_from = models.DateTimeField()
    effective_to = models.DateTimeField(null=True)

    objects = PlanPriceQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_from"]
        constraints = [
            models.CheckConstraint(condition=Q(unit_price__gt=0), name="price_is_positive"),
            models.CheckConstraint(condition=leaving_early_is_dearer(), name="price_for_leaving_early"),
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gt=F("effective_from")),
                name="price_ends_after_it_begins",
            ),
            # Ranges of one number each stand for the plans: PostgreSQL compares them without an extension.
            ExclusionConstraint(
                name="one_price_at_a_time",
                expressions=[
                    (Func("plan", "plan", Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (Func("effective_from", "effective_to", function="tstzrange"), RangeOperators.OVERLAPS),
                ],
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


class PriceDraft(SoldAs, Priced):
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
            models.CheckConstraint(condition=sold_as_is_known(), name="draft_is_sold_by_its_units"),
            models.CheckConstraint(
                condition=Q(term=0, early_price=None) | Q(term__gt=0, early_price__gte=F("unit_price")),
                name="draft_price_for_leaving_early",
            ),
            models.UniqueConstraint(
                fields=["provider", "accelerator", "kind", "unit", "term"],
                condition=Q(status__in=["draft", "submitted", "approved"]),
                name="one_open_draft_per_offer",
            ),
        ]

    def get_absolute_url(self):
        return f"/prices/{self.code}/"

    @property
    def tiers_text(self) -> str:
        return tariffs.write_tiers(self.tiers)

    def __str__(self):
        return f"{self.accelerator} · {self.provider}"
