"""What was promised to whom, at which price."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.catalogue.models import Priced, tariff
from marketplace.pricing.tariffs import Tariff
from portal.accounts.permissions import ALL, organization_ids
from portal.shell import tenancy
from scheduler.placement.models import Decision


class OrderQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "orders.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def open(self):
        return self.filter(status__in=Order.OPEN)

    def reservations(self):
        """Reserved capacity that can be used now."""
        running = self.filter(status=Order.Status.RUNNING, periods__isnull=False, cancel_requested_at=None)
        return running.select_related("plan__provider", "plan__accelerator")

    def to_begin(self, at):
        """Reserved capacity whose day has come; a renewal waits until what it renews is over."""
        waiting = self.filter(status=Order.Status.CONFIRMED, periods__isnull=False, begins_at__lte=at)
        return waiting.exclude(renews__status__in=Order.OPEN)

    def ending(self, days, at):
        """Reserved capacity that ends in so many days, was longer than that, and is neither renewed nor told of yet."""
        ahead = timedelta(days=days)
        rows = self.reservations().filter(ends_at__range=(at, at + ahead), ends_at__gt=F("starts_at") + ahead)
        rows = rows.filter(Q(reminded_days=None) | Q(reminded_days__gt=days))
        return rows.exclude(renewals__status__in=Order.OPEN)

    def asked_to_stop(self):
        return self.filter(cancel_requested_at__isnull=False)

    def locked(self, order_id):
        return (
            self.select_for_update(of=("self",), no_key=True)
            .select_related("organization", "project", "plan__provider", "plan__accelerator")
            .get(id=order_id)
        )


class Order(Priced):
    """A firm's order for cards and hours, its price fixed when it was placed."""

    tenant = tenancy.belongs_to("organization", "plan__provider__organization")

    class Status(models.TextChoices):
        AWAITING_APPROVAL = "awaiting_approval", _("待审批")
        AWAITING_PAYMENT = "awaiting_payment", _("待付款")
        CONFIRMED = "confirmed", _("已确认")
        RUNNING = "running", _("运行中")
        BILLED = "billed", _("已结算")
        REFUNDED = "refunded", _("已全额退回")
        CANCELLED = "cancelled", _("已取消")
        REJECTED = "rejected", _("审批未通过")
        EXPIRED = "expired", _("已超时")

    NEXT = {
        Status.AWAITING_APPROVAL: {
            Status.AWAITING_PAYMENT,
            Status.CONFIRMED,
            Status.CANCELLED,
            Status.REJECTED,
            Status.EXPIRED,
        },
        Status.AWAITING_PAYMENT: {Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED},
        Status.CONFIRMED: {Status.RUNNING, Status.BILLED, Status.REFUNDED, Status.CANCELLED},
        Status.RUNNING: {Status.BILLED, Status.REFUNDED, Status.CANCELLED},
    }
    # Nothing has begun: a second person's word or the money is still missing.
    WAITING = (Status.AWAITING_APPROVAL, Status.AWAITING_PAYMENT)
    OPEN = (*WAITING, Status.CONFIRMED, Status.RUNNING)

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="orders")
    project = models.ForeignKey("portal.Project", on_delete=models.PROTECT, related_name="orders")
    plan = models.ForeignKey("marketplace.Plan", on_delete=models.PROTECT, related_name="orders")
    name = models.CharField(_("作业名称"), max_length=80)
    cards = models.PositiveIntegerField(_("卡数"))
    hours = models.DecimalField(_("时长上限（小时）"), max_digits=8, decimal_places=2, null=True)
    # Of reserved capacity: whole nodes, where it is sold by them, and how many days or months.
    nodes = models.PositiveIntegerField(_("整机台数"), null=True)
    periods = models.PositiveSmallIntegerField(_("天数或月数"), null=True)
    starts_at = models.DateTimeField(_("起用时间"), null=True)
    ends_at = models.DateTimeField(_("到期时间"), null=True)
    # From when it was asked for, where not at once, and which reservation's cards it takes over then.
    begins_at = models.DateTimeField(_("约定起用时间"), null=True)
    renews = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="renewals")
    # How many days before its end the buyer was last told of it.
    reminded_days = models.PositiveSmallIntegerField(null=True)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="orders")
    # Whose cards a job runs on without being paid for again.
    reservation = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="jobs")
    amount = models.BigIntegerField(_("冻结总额（分）"))
    voucher_amount = models.BigIntegerField(_("算力券抵扣（分）"))
    cash_amount = models.BigIntegerField(_("自付（分）"))
    billed_amount = models.BigIntegerField(_("实际结算（分）"), null=True)
    status = models.CharField(_("状态"), max_length=20, choices=Status)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(_("下单时间"))
    cancel_until = models.DateTimeField()
    confirm_by = models.DateTimeField(null=True)
    pay_by = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    is_withdrawn = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "idempotency_key"], name="one_order_per_key"),
            models.CheckConstraint(
                condition=Q(
                    amount=F("voucher_amount") + F("cash_amount"), voucher_amount__gte=0, cash_amount__gte=0
                ),
                name="order_is_paid_from_its_parts",
            ),
            models.CheckConstraint(
                condition=Q(cards__gt=0)
                & (Q(hours__gt=0, periods=None, nodes=None) | Q(hours=None, periods__gt=0)),
                name="order_asks_for_something",
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None, ends_at=None)
                | Q(periods__isnull=False, ends_at__gt=F("starts_at")),
                name="a_reservation_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(begins_at=None, renews=None) | Q(begins_at__isnull=False, periods__isnull=False),
                name="only_a_reservation_begins_later",
            ),
            models.UniqueConstraint(
                fields=["renews"],
                condition=~Q(status__in=["cancelled", "rejected", "expired", "refunded"]),
                name="one_renewal_per_reservation",
            ),
            models.CheckConstraint(
                condition=Q(reservation=None) | Q(hours__isnull=False, amount=0),
                name="a_job_in_a_reservation_costs_nothing",
            ),
            models.CheckConstraint(
                condition=Q(billed_amount=None) | Q(billed_amount__lte=F("amount"), billed_amount__gte=0),
                name="order_is_never_billed_more_than_held",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"]),
            # The tabs and totals of a firm's list, and what the tenancy policy looks at: counted without reading the orders.
            models.Index(
                fields=["organization", "status"],
                include=["plan", "amount", "voucher_amount", "billed_amount"],
                name="orders_of_a_firm_by_status",
            ),
            models.Index(fields=["status", "id"]),
            models.Index(fields=["project", "placed_at"]),
            models.Index(
                fields=["organization", "-cancel_requested_at"],
                condition=Q(cancel_requested_at__isnull=False),
                name="orders_asked_to_stop",
            ),
            models.Index(
                fields=["-cancel_requested_at"],
                condition=Q(cancel_requested_at__isnull=False),
                name="orders_asked_to_stop_citywide",
            ),
        ]

    def get_absolute_url(self):
        return f"/orders/{self.code}/"

    @property
    def tariff(self) -> Tariff:
        """The prices that were in force when it was placed."""
        return tariff(self.plan, self)

    @property
    def sold_count(self) -> int:
        """How many cards or nodes are paid for."""
        return self.nodes or self.cards

    @property
    def seconds(self) -> int:
        return int((self.hours or 0) * 3600)

    @property
    def is_reservation(self) -> bool:
        return self.periods is not None

    @property
    def size(self) -> str:
        """How much was ordered, in words."""
        return self.plan.size_words(self.sold_count, self.hours or Decimal(self.periods or 0))

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


class OrderStop(models.Model):
    """A firm that may place no orders until an overdue bill is paid."""

    tenant = tenancy.belongs_to("organization")

    organization = models.OneToOneField(
        "portal.Organization", on_delete=models.CASCADE, related_name="order_stop"
    )
    bill_code = models.CharField(max_length=32)
    since = models.DateTimeField()


class DraftQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)


class OrderDraft(models.Model):
    """An order as typed and not yet placed; its code is the key under which it is placed once."""

    tenant = tenancy.belongs_to("user")

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey("portal.Organization", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey("portal.Project", on_delete=models.CASCADE, related_name="+")
    plan = models.ForeignKey("marketplace.Plan", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80, blank=True)
    cards = models.PositiveIntegerField()
    hours = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    periods = models.PositiveSmallIntegerField(null=True)
    reservation = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, related_name="+")
    begins_at = models.DateTimeField(null=True)
    renews = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, related_name="+")
    command = models.TextField(blank=True)
    vouchers = ArrayField(models.CharField(max_length=32), null=True)
    ways = ArrayField(models.CharField(max_length=20), null=True)
    created_at = models.DateTimeField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]


class DraftFile(models.Model):
    """A file that goes with a draft."""

    tenant = tenancy.belongs_to("draft__user")

    draft = models.ForeignKey(OrderDraft, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=200)
    content = models.BinaryField()

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["draft", "path"], name="one_draft_file_per_path")]

    @property
    def size(self):
        return len(self.content)


# Who ordered may read why it stands where it stands.
tenancy.shows(Decision, "orders__organization")
