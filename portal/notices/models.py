"""What people should know."""

from django.conf import settings
from django.db import models
from django.db.models import Case, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)

    def unread(self):
        return self.filter(read_at=None)

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
        SYSTEM = "system", _("系统")

    code = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind)
    sentence = models.CharField(max_length=200)
    values = models.JSONField(default=dict)
    url = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-id"])]

    @property
    def title(self) -> str:
        return gettext(self.sentence) % self.values
