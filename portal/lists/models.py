"""Views that people keep of a list, and files that are still being written."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import memberships
from portal.shell import tenancy

MOST_LETTERS = 1000


class OwnQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)


class ExportQuerySet(OwnQuerySet):
    def visible_to(self, user):
        """A file with another firm's rows is closed to a program of one firm, and to whoever has left the other."""
        here = [m.organization_id for m in memberships(user)]
        return super().visible_to(user).filter(organizations__contained_by=here)


class SavedView(models.Model):
    """A list as one person likes to see it: its conditions and order under a name."""

    tenant = tenancy.belongs_to("user")

    code = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    screen = models.CharField(max_length=32)
    name = models.CharField(_("视图名称"), max_length=40)
    query = models.CharField(max_length=MOST_LETTERS, blank=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["user", "screen", "name"], name="one_view_per_name"),
            models.UniqueConstraint(
                fields=["user", "screen"], condition=Q(is_default=True), name="one_default_view_per_list"
            ),
        ]


class Export(models.Model):
    """A list too long for one answer, to be written into a file that only its asker may fetch, for a week."""

    tenant = tenancy.belongs_to("user")

    class Status(models.TextChoices):
        QUEUED = "queued", _("排队中")
        READY = "ready", _("可下载")
        FAILED = "failed", _("未成功")
        EXPIRED = "expired", _("已过期")

    NEXT = {Status.QUEUED: {Status.READY, Status.FAILED}, Status.READY: {Status.EXPIRED}}
    OPERATION_STATES = {
        "running": Q(status=Status.QUEUED),
        "succeeded": Q(status__in=[Status.READY, Status.EXPIRED]),
        "failed": Q(status=Status.FAILED),
    }

    code = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # For which organisations it was asked: a connected program speaks for one of its maker's.
    organizations = ArrayField(models.BigIntegerField())
    screen = models.CharField(max_length=32)
    query = models.CharField(max_length=MOST_LETTERS, blank=True)
    form = models.CharField(_("格式"), max_length=4)
    language = models.CharField(max_length=10)
    status = models.CharField(_("状态"), max_length=8, choices=Status, default=Status.QUEUED)
    row_count = models.PositiveIntegerField(_("条数"))
    rows_written = models.PositiveIntegerField(default=0)
    filename = models.CharField(max_length=80, blank=True)
    content = models.BinaryField(null=True)
    requested_at = models.DateTimeField(_("申请时间"))
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["status", "id"])]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="ready") | Q(content__isnull=False), name="a_ready_export_has_its_file"
            ),
        ]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return f"/exports/{self.code}/" if self.status == self.Status.READY else ""
