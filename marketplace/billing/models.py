"""What was used, at which price, paid from what."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from federation.usage.models import UsageRecord
from portal.accounts.permissions import ALL, can, organization_ids
from portal.shell import tenancy
from portal.shell.models import AppendOnly


class OfFirms(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "bills.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)


class BillLineQuerySet(OfFirms):
    def unbilled(self):
        """Lines that stand on no monthly bill yet."""
        return self.filter(item=None)


class BillLine(AppendOnly):
    """One metered use, rated once: what the buyer owes and how the provider and the platform share it.

    What comes late, is corrected or refunded is another line that names the first.
    """

    tenant = tenancy.belongs_to("organization", "provider__organization")

    class Kind(models.TextChoices):
        USAGE = "usage", _("按用量")
        LATE = "late", _("补计")
        CORRECTION = "correction", _("更正")
        REFUND = "refund", _("退费")

    # What changes a line that was billed before.
    ADJUSTING = (Kind.CORRECTION, Kind.REFUND)

    class Free(models.TextChoices):
        WITHDRAWN = "withdrawn", _("撤单期内免费")
        PROVIDER_FAULT = "provider_fault", _("供给方原因免费")
        INCLUDED = "included", _("已含在预留内")

    code = models.CharField(max_length=32, unique=True)
    order = models.ForeignKey("marketplace.Order", on_delete=models.PROTECT, related_name="lines")
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey("portal.Project", on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey("federation.Provider", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("类型"), max_length=10, choices=Kind, default=Kind.USAGE)
    original = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="followers")
    usage = models.OneToOneField(
        "federation.UsageRecord", on_delete=models.PROTECT, null=True, related_name="bill_line"
    )
    # Reserved capacity is billed by the calendar, without a reading.
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    cards = models.PositiveIntegerField(_("卡数"))
    seconds = models.IntegerField(_("计费秒数"))
    metered_seconds = models.IntegerField(_("计量秒数"))
    unit_price = models.DecimalField(_("单价（元/卡时）"), max_digits=18, decimal_places=8)
    gross = models.BigIntegerField(_("应付（分）"))
    voucher = models.BigIntegerField(_("算力券（分）"))
    cash = models.BigIntegerField(_("已付（分）"))
    credit = models.BigIntegerField(_("挂账（分）"), default=0)
    commission = models.BigIntegerField(_("佣金（分）"))
    provider_amount = models.BigIntegerField(_("服务商收入（分）"))
    free_reason = models.CharField(_("免费原因"), max_length=16, choices=Free, blank=True)
    billed_at = models.DateTimeField(_("出账时间"))

    objects = BillLineQuerySet.as_manager()

    @property
    def started_at(self):
        return self.since or self.usage and self.usage.started_at

    @property
    def ended_at(self):
        return self.until or self.usage and self.usage.ended_at

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(gross=F("voucher") + F("cash") + F("credit")), name="bill_is_paid_from_its_parts"
            ),
            models.CheckConstraint(
                condition=Q(gross=F("commission") + F("provider_amount")), name="bill_is_shared_whole"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["usage", "late"])
                | Q(gross__gte=0, voucher__gte=0, cash__gte=0, credit__gte=0)
                & Q(commission__gte=0, provider_amount__gte=0, seconds__gte=0),
                name="bill_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["usage", "late"]) | Q(original__isnull=False),
                name="a_correction_names_its_original",
            ),
            models.CheckConstraint(
                condition=Q(kind="refund", usage=None, until=None)
                | ~Q(kind="refund") & Q(usage__isnull=False, until=None)
                | Q(kind="usage", usage=None, until__gt=F("since")),
                name="a_line_has_a_reading_or_a_period",
            ),
            models.UniqueConstraint(fields=["order", "until"], name="one_line_per_reservation_and_period"),
            models.CheckConstraint(condition=Q(free_reason="") | Q(gross=0), name="free_use_costs_nothing"),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"]),
            models.Index(fields=["provider", "-id"]),
            models.Index(fields=["billed_at"]),
        ]


class BillPart(AppendOnly):
    """What one source paid of a bill line, and whose money it was."""

    tenant = tenancy.belongs_to("line__organization", "line__provider__organization")

    # What came when its order was closed and its money given back.
    ON_ACCOUNT = "account"
    # Not paid yet: owed until the bill is.
    OWED = ("credit", ON_ACCOUNT)

    line = models.ForeignKey(BillLine, on_delete=models.PROTECT, related_name="parts")
    source = models.CharField(max_length=20)
    is_subsidy = models.BooleanField()
    clause = models.CharField(max_length=80, blank=True)
    reference = models.CharField(max_length=40)
    payer = models.CharField(max_length=40)
    label = models.CharField(max_length=120)
    amount = models.BigIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "source", "reference"], name="one_part_per_line_and_source"
            ),
        ]
        indexes = [models.Index(fields=["source", "payer"])]


class BillQuerySet(OfFirms):
    def owed(self):
        """Bills that somebody must still pay, the oldest first."""
        return self.exclude(status=Bill.Status.PAID).order_by("id")

    def locked(self, bill_id):
        return (
            self.select_for_update(of=("self",), no_key=True).select_related("organization").get(id=bill_id)
        )


class Bill(models.Model):
    """What one firm used in one month and what of it is still to be paid. Its figures never change once it is made."""

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        DUE = "due", _("待还款")
        REMINDED = "reminded", _("逾期")
        STOPPED = "stopped", _("逾期，停止下单")
        SUSPENDED = "suspended", _("逾期，停止服务")
        RELEASED = "released", _("逾期，已释放资源")
        PAID = "paid", _("已结清")

    NEXT = {
        Status.DUE: {Status.REMINDED, Status.PAID},
        Status.REMINDED: {Status.STOPPED, Status.PAID},
        Status.STOPPED: {Status.SUSPENDED, Status.PAID},
        Status.SUSPENDED: {Status.RELEASED, Status.PAID},
        Status.RELEASED: {Status.PAID},
    }
    # Where nothing was bought on credit.
    BEGINS = (Status.PAID,)

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="bills")
    month = models.DateField(_("账期"))
    line_count = models.PositiveIntegerField(_("明细条数"))
    gross = models.BigIntegerField(_("应付（分）"))
    voucher = models.BigIntegerField(_("算力券（分）"))
    cash = models.BigIntegerField(_("已付（分）"))
    credit = models.BigIntegerField(_("挂账（分）"))
    brought = models.BigIntegerField(_("上期结转（分）"))
    due = models.BigIntegerField(_("待还（分）"))
    paid = models.BigIntegerField(_("已还（分）"), default=0)
    due_on = models.DateField(_("还款日"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.DUE)
    issued_at = models.DateTimeField(_("出账时间"))
    paid_at = models.DateTimeField(_("结清时间"), null=True)

    objects = BillQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "month"], name="one_bill_per_firm_and_month"),
            models.CheckConstraint(
                condition=Q(gross=F("voucher") + F("cash") + F("credit")), name="monthly_bill_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(due=F("brought") + F("credit"), due__gte=0) | Q(due=0, credit__lt=-F("brought")),
                name="a_bill_asks_for_what_is_owed",
            ),
            models.CheckConstraint(
                condition=Q(paid__gte=0, paid__lte=F("due")), name="a_bill_is_not_paid_twice"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="a_bill_is_of_a_month"),
        ]

    def get_absolute_url(self):
        return f"/bills/{self.code}/"

    @property
    def period(self) -> str:
        return f"{self.month:%Y-%m}"


class BillItem(AppendOnly):
    """A line on its monthly bill: each line stands on one."""

    tenant = tenancy.belongs_to("bill__organization")

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="items")
    line = models.OneToOneField(BillLine, on_delete=models.PROTECT, related_name="item")


class BillRefundQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self if can(user, "refunds.manage") else self.none()

    def locked(self, refund_id):
        return (
            self.select_for_update(of=("self",), no_key=True)
            .select_related("line__order", "organization")
            .get(id=refund_id)
        )


class BillRefund(models.Model):
    """What finance sets right about a billed line when a second person agrees: an amount that goes back, or the seconds
    that the meter should have said. The line that does it names the first.
    """

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        ASKED = "asked", _("待复核")
        GIVEN = "given", _("已退费")
        REFUSED = "refused", _("未退费")

    class Reason(models.TextChoices):
        QUALITY = "quality", _("服务质量")
        METERING = "metering", _("计量有误")
        TWICE = "twice", _("重复计费")
        GOODWILL = "goodwill", _("协商让利")

    NEXT = {Status.ASKED: {Status.GIVEN, Status.REFUSED}}

    code = models.CharField(max_length=32, unique=True)
    line = models.ForeignKey(BillLine, on_delete=models.PROTECT, related_name="refunds")
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField(_("退费金额（分）"))
    seconds = models.PositiveIntegerField(_("更正后的计量秒数"), null=True)
    reason_code = models.CharField(_("原因"), max_length=10, choices=Reason)
    reason = models.CharField(_("说明"), max_length=200)
    status = models.CharField(_("状态"), max_length=8, choices=Status, default=Status.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("提出时间"))
    given_line = models.OneToOneField(BillLine, on_delete=models.PROTECT, null=True, related_name="given_for")

    objects = BillRefundQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, seconds=None) | Q(amount=0, seconds__isnull=False),
                name="a_refund_gives_an_amount_or_corrects_seconds",
            ),
            models.CheckConstraint(
                condition=Q(status="given", given_line__isnull=False)
                | ~Q(status="given") & Q(given_line=None),
                name="a_given_refund_has_its_line",
            ),
        ]


# A bill shows its buyer the reading behind it.
tenancy.shows(UsageRecord, "bill_line__organization")
