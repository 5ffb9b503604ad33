"""What people should know, and which ways it takes to them."""

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)

    def unread(self):
        return self.filter(read_at=None)

    def unsorted(self):
        return self.filter(sorted_at=None)

    def with_state(self):
        """Whether each has been read."""
        return self.annotate(state=Case(When(read_at=None, then=Value("unread")), default=Value("read")))


class Notice(models.Model):
    """A line in somebody's inbox that leads to the thing it speaks of, read in the language of its reader."""

    tenant = tenancy.belongs_to("user")

    class Kind(models.TextChoices):
        ORDER = "order", _("订单")
        APPROVAL = "approval", _("审批")
        MONEY = "money", _("资金")
        DEADLINE = "deadline", _("期限")
        SECURITY = "security", _("安全")
        SYSTEM = "system", _("系统")

    code = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind)
    sentence = models.CharField(max_length=200)
    values = models.JSONField(default=dict)
    url = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    sorted_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "-id"]),
            models.Index(fields=["id"], condition=Q(sorted_at=None), name="notices_to_sort"),
        ]

    @property
    def title(self) -> str:
        return gettext(self.sentence) % self.values

    @property
    def link(self) -> str:
        """Where a letter leads."""
        return f"{settings.PUBLIC_URL}{self.url}"


class Channel(models.TextChoices):
    """A way out of the house; the inbox itself holds everything."""

    EMAIL = "email", _("邮件")
    SMS = "sms", _("短信")


class Wish(models.TextChoices):
    NOW = "now", _("立即")
    DAILY = "daily", _("每日摘要")
    NEVER = "never", _("不发送")


# What nobody may miss: it always comes by letter, at once.
MANDATORY = (Notice.Kind.MONEY, Notice.Kind.DEADLINE, Notice.Kind.SECURITY)
DEFAULTS = {
    (Notice.Kind.ORDER, Channel.EMAIL): Wish.DAILY,
    (Notice.Kind.APPROVAL, Channel.EMAIL): Wish.NOW,
    (Notice.Kind.SYSTEM, Channel.EMAIL): Wish.NEVER,
    (Notice.Kind.SECURITY, Channel.SMS): Wish.NOW,
}


def is_mandatory(kind, channel) -> bool:
    return kind in MANDATORY and channel == Channel.EMAIL


def wish_for(kind, channel, chosen) -> str:
    """How this news takes this way to somebody who chose so; what is mandatory is not asked."""
    if is_mandatory(kind, channel):
        return Wish.NOW
    return chosen.get((kind, channel)) or DEFAULTS.get((kind, channel), Wish.NEVER)


class NoticePreference(models.Model):
    """How one kind of news shall come to somebody, where they chose otherwise than the city."""

    tenant = tenancy.belongs_to("user")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_preferences"
    )
    kind = models.CharField(max_length=12, choices=Notice.Kind)
    channel = models.CharField(max_length=8, choices=Channel)
    wish = models.CharField(max_length=8, choices=Wish)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="one_wish_per_kind_and_channel"),
            models.CheckConstraint(
                condition=~Q(kind__in=MANDATORY, channel=Channel.EMAIL),
                name="mandatory_news_cannot_be_switched_off",
            ),
        ]


class NoticeDeliveryQuerySet(models.QuerySet):
    def due(self, at):
        return self.filter(due_at__lte=at).order_by("due_at", "id")


class NoticeDelivery(models.Model):
    """One line on its way to its reader by one channel. While `due_at` stands, it still has to go."""

    tenant = tenancy.belongs_to("notice__user")

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel)
    is_daily = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    objects = NoticeDeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="one_delivery_per_notice_and_channel")
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="deliveries_due")]
