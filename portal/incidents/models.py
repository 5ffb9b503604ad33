"""Disturbances and planned work, and what was said while they lasted."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy

WHY = "everybody may know what is out of order"


def in_readers_language(chinese: str, english: str) -> str:
    return english if (get_language() or "").startswith("en") else chinese


class IncidentQuerySet(models.QuerySet):
    def lasting(self, at):
        """Begun and not over; planned work is over at its end, whatever was forgotten."""
        late = Q(kind=Incident.Kind.MAINTENANCE, ends_at__lte=at)
        return self.filter(closed_at=None, starts_at__lte=at).exclude(late)

    def coming(self, at):
        return self.filter(closed_at=None, starts_at__gt=at)


class Incident(models.Model):
    """Something that does not work as promised, or work on the platform that people should plan around."""

    tenant = tenancy.Public(WHY)

    class Kind(models.TextChoices):
        INCIDENT = "incident", _("故障")
        MAINTENANCE = "maintenance", _("计划维护")

    class Part(models.TextChoices):
        WEBSITE = "website", _("网站与登录")
        ORDERS = "orders", _("下单与支付")
        CLUSTERS = "clusters", _("算力集群")
        BILLING = "billing", _("计量与出账")
        API = "api", _("开放接口")
        NOTICES = "notices", _("通知与短信")

    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(_("类型"), max_length=12, choices=Kind)
    title = models.CharField(_("标题"), max_length=80)
    title_en = models.CharField(_("英文标题"), max_length=120)
    parts = models.JSONField(_("涉及部分"), default=list)
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("预计结束"), null=True)
    closed_at = models.DateTimeField(_("结束时间"), null=True)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="incident_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(kind="incident") | Q(ends_at__isnull=False), name="planned_work_has_an_end"
            ),
        ]

    def __str__(self):
        return in_readers_language(self.title, self.title_en)

    def get_absolute_url(self):
        return f"/incidents/{self.code}/"

    @property
    def parts_in_words(self) -> list[str]:
        return [str(self.Part(part).label) for part in self.parts]

    @property
    def state(self) -> str:
        """Where it stands at this moment: it is never stored, so that no clock has to move it."""
        now = timezone.now()
        is_done = self.kind == self.Kind.MAINTENANCE and self.ends_at is not None and self.ends_at <= now
        if self.closed_at or is_done:
            return "over"
        return "planned" if self.starts_at > now else "lasting"


STATES = {"planned": _("未开始"), "lasting": _("进行中"), "over": _("已结束")}


class IncidentUpdate(models.Model):
    """What the city was told about it, in both languages, at one time."""

    tenant = tenancy.Public(WHY)

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    text = models.CharField(_("进展"), max_length=500)
    text_en = models.CharField(_("英文进展"), max_length=800)
    told_at = models.DateTimeField()
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return in_readers_language(self.text, self.text_en)
