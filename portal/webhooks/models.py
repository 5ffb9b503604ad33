"""Where other systems want to hear from us, and what became of each message."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.crypto.fields import EncryptedTextField
from portal.organizations.models import Organization
from portal.shell import tenancy

OVERLAP = timedelta(hours=24)


class EndpointQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "webhooks.manage")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def standing(self):
        return self.filter(removed_at=None)

    def of(self, organization):
        return self.standing().filter(organization=organization)

    def locked(self, endpoint_id):
        return (
            self.select_for_update(no_key=True, of=("self",))
            .select_related("organization")
            .get(id=endpoint_id)
        )

    def with_state(self):
        """Whether each hears of events."""
        return self.annotate(
            state=Case(
                When(disabled_at__isnull=False, then=Value("cancelled")),
                When(failing_since__isnull=False, then=Value("failed")),
                default=Value("active"),
            )
        )

    def listening(self):
        return self.standing().filter(disabled_at=None)


class WebhookEndpoint(models.Model):
    """An address of another system that hears what happens in one organisation."""

    tenant = tenancy.belongs_to("organization")

    class Reason(models.TextChoices):
        OWNER = "owner", _("由管理员停用")
        GONE = "gone", _("对方回答 410，不再接收")
        FAILING = "failing", _("连续 5 天投递失败，自动停用")

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(_("接收地址"), max_length=400)
    events = ArrayField(models.CharField(max_length=40), verbose_name=_("事件"))
    secret = EncryptedTextField()
    old_secret = EncryptedTextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    # How far along the record this address has heard.
    seals_up_to = models.BigIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=12, choices=Reason, blank=True)
    removed_at = models.DateTimeField(null=True)

    objects = EndpointQuerySet.as_manager()

    def __str__(self):
        return self.url

    def keys(self, at) -> list[str]:
        """The keys that sign at this moment: for a day after a change the old one, too."""
        is_overlapping = self.old_secret_until is not None and at < self.old_secret_until
        return [self.secret, *([self.old_secret] if is_overlapping else [])]


class DeliveryQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "webhooks.manage")
        return self if ids is ALL else self.filter(endpoint__organization_id__in=ids)

    def due(self, at):
        return self.filter(due_at__lte=at, endpoint__disabled_at=None, endpoint__removed_at=None).order_by(
            "due_at", "id"
        )

    def with_state(self):
        """What became of each."""
        return self.annotate(
            state=Case(
                When(due_at__isnull=False, then=Value("waiting")),
                When(delivered_at__isnull=False, then=Value("delivered")),
                default=Value("failed"),
            )
        )


class WebhookDelivery(models.Model):
    """One message to one address. Its code is the same however often it is sent. While `due_at` stands, it has to go."""

    tenant = tenancy.belongs_to("endpoint__organization")

    code = models.CharField(_("消息编号"), max_length=32, unique=True)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    # The number of the event it tells of; no foreign key, because old events leave the table for the archive.
    event_number = models.BigIntegerField(null=True)
    type = models.CharField(_("事件"), max_length=40)
    body = models.TextField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_number"], name="one_message_per_event")
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="webhooks_due")]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return reverse("webhooks:delivery", args=[self.code])


class WebhookAttempt(models.Model):
    """What one try came to: the answer's status, how long it took and its beginning, or why there was none."""

    tenant = tenancy.belongs_to("delivery__endpoint__organization")

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField()
    answer = models.CharField(max_length=1024, blank=True)

    class Meta:
        ordering = ["-id"]
