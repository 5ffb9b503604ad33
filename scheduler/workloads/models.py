"""The work of one order: what to run, where, and how far it has come."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from federation.capacity.models import Pool
from portal.accounts.permissions import ALL, organization_ids
from portal.organizations.models import Organization
from portal.shell import tenancy
from scheduler.placement.models import Decision
from scheduler.workloads import reasons

PROVIDER_FAULTS = ("environment", "no_capacity", "node_lost", "rejected", "stopped_by_cluster", "lost")


class WorkloadQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "orders.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def open(self):
        return self.exclude(status__in=Workload.TERMINAL)

    def begun(self):
        """Given its cards by a cluster, whether or not it has ended since."""
        return self.filter(started_at__isnull=False)

    def ended(self):
        return self.filter(status__in=Workload.TERMINAL)

    def due(self, at):
        """Free to be worked on: nobody holds it, and its next look has come."""
        return self.filter(Q(leased_until=None) | Q(leased_until__lt=at), next_look_at__lte=at)


class Workload(models.Model):
    """One run on one cluster. Its status follows the cluster; what the cluster does not say is not assumed."""

    tenant = tenancy.belongs_to("organization", "pool__cluster__provider__organization")

    class Status(models.TextChoices):
        DRAFT = "draft", _("待确认")
        QUEUED = "queued", _("排队中")
        SUBMITTING = "submitting", _("提交中")
        ACCEPTED = "accepted", _("集群已接收")
        RUNNING = "running", _("运行中")
        CANCELLING = "cancelling", _("停止中")
        SUCCEEDED = "succeeded", _("已完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")
        LOST = "lost", _("失联")

    TERMINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.LOST)
    _ENDS = frozenset(TERMINAL)
    NEXT = {
        Status.DRAFT: {Status.QUEUED, Status.CANCELLED},
        Status.QUEUED: {Status.SUBMITTING, Status.CANCELLED},
        Status.SUBMITTING: {Status.ACCEPTED, Status.CANCELLING, Status.FAILED, Status.LOST},
        Status.ACCEPTED: {Status.RUNNING, Status.CANCELLING, *_ENDS},
        Status.RUNNING: {Status.CANCELLING, *_ENDS},
        Status.CANCELLING: _ENDS,
    }

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="workloads")
    order_code = models.CharField(max_length=32, unique=True)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="workload")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="workloads")
    name = models.CharField(_("名称"), max_length=80, blank=True)
    cards = models.PositiveIntegerField(_("卡数"))
    command = models.TextField(_("启动命令"))
    max_seconds = models.PositiveIntegerField(_("最长运行秒数"))
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=1)
    remote_ref = models.CharField(max_length=96, blank=True)
    fence = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField()
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    gone_since = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    exit_code = models.SmallIntegerField(null=True)
    exit_reason = models.CharField(max_length=32, blank=True)
    wait_reason = models.CharField(max_length=32, blank=True)
    message = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    final_log = models.TextField(blank=True)
    final_log_from = models.BigIntegerField(default=0)

    objects = WorkloadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["status", "next_look_at"], name="workload_due")]
        constraints = [
            models.CheckConstraint(condition=Q(cards__gt=0), name="workload_has_a_card"),
            models.CheckConstraint(condition=Q(max_seconds__gt=0), name="workload_may_run_a_second"),
        ]

    def __str__(self):
        return self.code

    @property
    def is_terminal(self) -> bool:
        return self.status in self.TERMINAL

    @property
    def is_provider_fault(self) -> bool:
        """Did it end through no doing of the buyer's? Then it is not charged."""
        return self.status == self.Status.LOST or (
            self.status == self.Status.FAILED and self.exit_reason in PROVIDER_FAULTS
        )

    @property
    def exit_words(self) -> str:
        """Why it ended, or what it waits for, in one sentence; empty when there is nothing to explain."""
        return reasons.sentence(self.exit_reason if self.is_terminal else self.wait_reason, self.exit_code)

    @property
    def key(self) -> str:
        """The name of this attempt on any cluster: our origin tag, this workload, which try."""
        return f"{self.pool.cluster.origin}.{self.code}.{self.attempt}"


class WorkloadFile(models.Model):
    """A file that goes with the work."""

    tenant = tenancy.belongs_to("workload__organization", "workload__pool__cluster__provider__organization")

    workload = models.ForeignKey(Workload, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=200)
    content = models.BinaryField()
    size = models.PositiveIntegerField()

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["workload", "path"], name="one_file_per_path")]

    def __str__(self):
        return self.path
