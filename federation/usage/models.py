"""What ran, on whose cards, for how long: the raw readings."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from federation.capacity.models import Accelerator
from federation.clusters.models import Cluster
from portal.shell import tenancy
from portal.shell.models import AppendOnly


class UsageQuerySet(models.QuerySet):
    def final(self):
        return self.filter(is_final=True)


class UsageRecord(AppendOnly):
    """One meter reading as the cluster gave it. Never edited: a correction is another record."""

    tenant = tenancy.belongs_to("cluster__provider__organization")

    source_key = models.CharField(max_length=96, unique=True)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="usage")
    accelerator = models.ForeignKey(Accelerator, on_delete=models.PROTECT, related_name="usage")
    workload_code = models.CharField(max_length=32, db_index=True)
    cards = models.PositiveIntegerField(_("卡数"))
    started_at = models.DateTimeField(_("开始"))
    ended_at = models.DateTimeField(_("结束"))
    seconds = models.PositiveIntegerField(_("计量秒数"))
    is_final = models.BooleanField(default=True)
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="corrected_by")
    recorded_at = models.DateTimeField()

    objects = UsageQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("started_at")), name="usage_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=Q(cards__gt=0), name="usage_is_of_a_card"),
        ]

    def __str__(self):
        return self.source_key

    @property
    def card_seconds(self) -> int:
        return self.cards * self.seconds
