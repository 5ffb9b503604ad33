"""Money from outside: what a firm means to pay, what the provider told, what the bank brought."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, can, organization_ids
from portal.shell import tenancy
from portal.shell.models import AppendOnly


class BankReceiptQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "receipts.view")
        return self if ids is ALL else self.filter(organization_id__in=organization_ids(user, "wallet.view"))

    def returnable(self):
        """What came in and has not gone back, or is not on its way back, whole."""
        claimed = Sum("refunds__amount", filter=~Q(refunds__status="refused"), default=0)
        return self.annotate(left=F("amount") - claimed).filter(left__gt=0)


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


class PaymentQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "payments.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def due(self, at):
        """What somebody has to look after: begun at the provider, asked about, closed."""
        return self.filter(due_at__lte=at).order_by("due_at")

    def locked(self, payment_id):
        rows = self.select_for_update(of=("self",), no_key=True).select_related("organization")
        return rows.get(id=payment_id)


class Payment(models.Model):
    """A firm's wish to pay from outside, until the money is there or the time is over."""

    tenant = tenancy.belongs_to("organization")

    class Purpose(models.TextChoices):
        TOP_UP = "top_up", _("充值")
        ORDER = "order", _("订单付款")

    class Method(models.TextChoices):
        CARD = "card", _("银行卡")
        ALIPAY = "alipay", _("支付宝")
        WECHAT_PAY = "wechat_pay", _("微信支付")
        TRANSFER = "transfer", _("对公转账")

    class Status(models.TextChoices):
        CREATED = "created", _("准备中")
        OPEN = "open", _("待支付")
        PAID = "paid", _("已到账")
        FAILED = "failed", _("未成功")
        CLOSED = "closed", _("已关闭")
        PARKED = "parked", _("待核查")

    class Reason(models.TextChoices):
        """Why no money was taken over."""

        LATE = "late", _("逾期未付")
        CANCELLED = "cancelled", _("已取消")
        DECLINED = "declined", _("付款未通过")
        REFUSED = "refused", _("支付机构未受理")
        OTHER_AMOUNT = "other_amount", _("实付金额与应付不符")
        OTHER_CURRENCY = "other_currency", _("实付币种不是人民币")

    NEXT = {
        Status.CREATED: {Status.OPEN, Status.PAID, Status.FAILED, Status.CLOSED, Status.PARKED},
        Status.OPEN: {Status.PAID, Status.FAILED, Status.CLOSED, Status.PARKED},
        # Money that was on its way when we stopped waiting is still the firm's.
        Status.FAILED: {Status.PAID, Status.PARKED},
        Status.CLOSED: {Status.PAID, Status.PARKED},
    }
    WAITING = (Status.CREATED, Status.OPEN)

    code = models.CharField(_("支付编号"), max_length=32, unique=True)
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(_("用途"), max_length=8, choices=Purpose)
    order_code = models.CharField(_("订单"), max_length=32, blank=True)
    method = models.CharField(_("支付方式"), max_length=12, choices=Method)
    amount = models.BigIntegerField(_("金额（分）"))
    status = models.CharField(_("状态"), max_length=8, choices=Status)
    reason = models.CharField(_("说明"), max_length=16, choices=Reason, blank=True)
    # The page or the code that we asked the provider for, and the money that came of it.
    provider_id = models.CharField(_("支付机构单号"), max_length=80, blank=True)
    intent_id = models.CharField(max_length=80, blank=True)
    pay_url = models.CharField(max_length=2000, blank=True)
    scan_text = models.CharField(max_length=1000, blank=True)
    idempotency_key = models.CharField(max_length=255)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("提交时间"))
    pay_by = models.DateTimeField(_("支付期限"))
    paid_at = models.DateTimeField(_("到账时间"), null=True)
    # What refunds have claimed of it, sent or not.
    refunded = models.BigIntegerField(_("已退或在退（分）"), default=0)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"], name="one_payment_per_firm_and_key"
            ),
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="one_payment_per_page"
            ),
            models.UniqueConstraint(
                fields=["intent_id"], condition=~Q(intent_id=""), name="one_payment_per_intent"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_brings_something"),
            models.CheckConstraint(
                condition=Q(purpose="order") ^ Q(order_code=""), name="payment_of_an_order_names_it"
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False) | (~Q(status="paid") & Q(paid_at=None)),
                name="paid_payment_says_when",
            ),
            models.CheckConstraint(
                condition=Q(refunded=0) | Q(status="paid", refunded__gt=0, refunded__lte=F("amount")),
                name="no_more_is_refunded_than_was_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="payments_due"),
            models.Index(fields=["order_code"], condition=~Q(order_code=""), name="payments_of_an_order"),
        ]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return reverse("payments:detail", args=[self.code])

    @property
    def is_online(self) -> bool:
        return self.method != self.Method.TRANSFER

    @property
    def is_waiting(self) -> bool:
        return self.status in self.WAITING


class RefundQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "payments.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def due(self, at):
        """What somebody has to send, or to ask about."""
        return self.filter(due_at__lte=at).order_by("due_at")

    def set_aside(self):
        """Whose money waits for them: what goes by bank is on its way as soon as its batch is approved."""
        return self.filter(Q(status=Refund.Status.DUE) | Q(status=Refund.Status.SENT, receipt=None))

    def by_bank(self):
        return self.exclude(receipt=None)

    def locked(self, refund_id):
        rows = self.select_for_update(of=("self",), no_key=True).select_related("organization", "receipt")
        refund = rows.get(id=refund_id)
        if refund.payment_id:
            # How much of a payment is due back is counted over all its refunds.
            refund.payment = Payment.objects.locked(refund.payment_id)
        return refund


class Refund(models.Model):
    """Money on its way back to where it was paid from; set aside from the moment a second person agreed."""

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        ASKED = "asked", _("待复核")
        REFUSED = "refused", _("已驳回")
        DUE = "due", _("待退款")
        SENT = "sent", _("退款中")
        DONE = "done", _("已退款")

    NEXT = {
        Status.ASKED: {Status.DUE, Status.REFUSED},
        Status.DUE: {Status.SENT, Status.DONE},
        # A payer's bank may send it back, even late.
        Status.SENT: {Status.DUE, Status.DONE},
        Status.DONE: {Status.DUE},
    }

    code = models.CharField(_("退款编号"), max_length=32, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="refunds")
    # The transfer to whose sender it goes; the database lets no more go back than came (see sql.GUARDS).
    receipt = models.ForeignKey(BankReceipt, on_delete=models.PROTECT, null=True, related_name="refunds")
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField(_("金额（分）"))
    reason = models.CharField(_("退款原因"), max_length=200)
    status = models.CharField(_("状态"), max_length=8, choices=Status)
    # How often it was sent anew after coming back: each time is another refund at the provider.
    round = models.PositiveSmallIntegerField(default=1)
    provider_id = models.CharField(_("支付机构单号"), max_length=80, blank=True)
    failure = models.CharField(_("未成功原因"), max_length=80, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(_("提出时间"))
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    done_at = models.DateTimeField(_("完成时间"), null=True)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_gives_something_back"),
            models.CheckConstraint(
                condition=~Q(payment=None, receipt=None), name="refund_names_what_brought_the_money"
            ),
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="one_refund_per_providers_refund"
            ),
            models.CheckConstraint(
                condition=Q(agreed_by=None) | ~Q(agreed_by=F("asked_by")),
                name="nobody_agrees_to_their_own_refund",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="refunds_due"),
        ]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        if self.payment:
            return self.payment.get_absolute_url()
        return f"{reverse('payments:refunds')}?q={self.code}"

    @property
    def title(self) -> str:
        """Who gets it."""
        return self.organization.name

    @property
    def origin(self):
        """What brought the money, under whose number it waits to go back."""
        return self.payment or self.receipt

    @property
    def is_by_bank(self) -> bool:
        return self.receipt_id is not None

    @property
    def is_stuck(self) -> bool:
        """It came back, and finance has to say when to try again."""
        return self.status == self.Status.DUE and bool(self.failure)


class ProviderEventQuerySet(models.QuerySet):
    def unread(self):
        return self.filter(reading=None)


class ProviderEvent(AppendOnly):
    """What the provider told us, to the letter, once: its signature was right when it came."""

    tenant = tenancy.belongs_to()

    event_id = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=80)
    about = models.CharField(max_length=32, blank=True)
    body = models.TextField()
    received_at = models.DateTimeField()

    objects = ProviderEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    @property
    def code(self) -> str:
        """How the record names it."""
        return self.event_id


class EventReading(AppendOnly):
    """That an event was read, and whose payment was looked at again because of it; empty when it is nobody's."""

    tenant = tenancy.belongs_to()

    event = models.OneToOneField(ProviderEvent, on_delete=models.PROTECT, related_name="reading")
    about = models.CharField(max_length=32, blank=True)
    read_at = models.DateTimeField()


class ProviderEntry(AppendOnly):
    """One line of the provider's own account of our money: what it took in, gave back, kept and paid out."""

    tenant = tenancy.belongs_to()

    entry_id = models.CharField(_("支付机构流水号"), max_length=80, unique=True)
    kind = models.CharField(max_length=40)
    # The payment, refund or payout it is about, by the provider's number.
    about = models.CharField(max_length=80, blank=True, db_index=True)
    amount = models.BigIntegerField(_("金额（分）"))
    fee = models.BigIntegerField(_("手续费（分）"))
    currency = models.CharField(max_length=3)
    booked_at = models.DateTimeField(_("记账时间"), db_index=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return self.entry_id


class DifferenceQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self if can(user, "receipts.view") else self.none()

    def open(self):
        return self.filter(status=Difference.Status.OPEN)

    def locked(self, difference_id):
        return self.select_for_update(of=("self",), no_key=True).get(id=difference_id)


class Difference(models.Model):
    """Where the provider's account and our books say different things, until somebody has found out why."""

    tenant = tenancy.belongs_to()

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("支付机构有、平台没有")
        MISSING_THERE = "missing_there", _("平台有、支付机构没有")
        OTHER_AMOUNT = "other_amount", _("金额不同")
        OTHER_CURRENCY = "other_currency", _("币种不是人民币")
        DUPLICATE = "duplicate", _("同一笔记了多次")
        FEE_DIFFERS = "fee_differs", _("手续费与约定不同")
        ALTERED = "altered", _("支付机构改了已记的条目")
        UNKNOWN_KIND = "unknown_kind", _("未约定的收支种类")
        NOT_ARRIVED = "not_arrived", _("结转未到账")

    class Status(models.TextChoices):
        OPEN = "open", _("待处理")
        EXPLAINED = "explained", _("已说明")
        GONE = "gone", _("已消除")

    NEXT = {
        Status.OPEN: {Status.EXPLAINED, Status.GONE},
        Status.GONE: {Status.OPEN},
    }

    code = models.CharField(_("编号"), max_length=32, unique=True)
    kind = models.CharField(_("差异"), max_length=16, choices=Kind)
    about = models.CharField(_("对象"), max_length=80)
    ours = models.BigIntegerField(_("平台记为（分）"), null=True)
    theirs = models.BigIntegerField(_("支付机构记为（分）"), null=True)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.OPEN)
    found_at = models.DateTimeField(_("发现时间"))
    explanation = models.CharField(_("说明"), max_length=200, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(_("处理时间"), null=True)

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "about"], name="one_difference_per_kind_and_object"),
            models.CheckConstraint(
                condition=~Q(status="explained") | ~Q(explanation=""), name="explained_difference_says_why"
            ),
        ]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return reverse("payments:difference", args=[self.code])
