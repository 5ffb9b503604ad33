"""A year's money for a promise."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy


class ProgrammeQuerySet(models.QuerySet):
    def open(self, at):
        return self.filter(status=Programme.Status.PUBLISHED, starts_at__lte=at, ends_at__gt=at)


class Programme(models.Model):
    """A voucher programme: which policy, whose money, how much, until when."""

    tenant = tenancy.Public("programmes are published")

    class Status(models.TextChoices):
        PUBLISHED = "published", _("已发布")
        SUSPENDED = "suspended", _("已暂停")
        CLOSED = "closed", _("已结束")

    NEXT = {
        Status.PUBLISHED: {Status.SUSPENDED, Status.CLOSED},
        Status.SUSPENDED: {Status.PUBLISHED, Status.CLOSED},
    }

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(_("项目名称"), max_length=120)
    version = models.ForeignKey(
        "subsidies.PolicyVersion", on_delete=models.PROTECT, related_name="programmes"
    )
    payer = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveIntegerField(_("财政年度"))
    budget = models.BigIntegerField(_("预算（分）"))
    enterprise_cap = models.BigIntegerField(_("单家企业上限（分）"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PUBLISHED)
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("结束时间"))
    published_at = models.DateTimeField()

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(budget__gt=0, enterprise_cap__gt=0), name="programme_has_money"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="programme_ends_after_it_begins"
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return f"/subsidies/programmes/{self.code}/"
