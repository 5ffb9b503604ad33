"""The city's clusters and whether we can reach them."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from federation.providers.models import Provider
from portal.accounts.permissions import ALL, organization_ids
from portal.shell import tenancy
from portal.shell.districts import District


class ClusterQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Everyone may know a cluster exists; its inner life is for its owner and those who watch the city."""
        ids = organization_ids(user, "clusters.view")
        return self if ids is ALL else self.filter(provider__organization_id__in=ids)

    def online(self):
        return self.filter(state=Cluster.State.ONLINE)


class Cluster(models.Model):
    """A place where work can run, spoken to through one adapter."""

    tenant = tenancy.Public("the catalogue names where the cards stand")

    class State(models.TextChoices):
        CONNECTING = "connecting", _("连接中")
        ONLINE = "online", _("在线")
        OFFLINE = "offline", _("离线")

    class Tier(models.TextChoices):
        CITY = "city", _("市内（≤1毫秒）")
        PROVINCE = "province", _("省内（≤5毫秒）")
        NATION = "nation", _("国内（≤20毫秒）")

    SIMULATED = "simulated"

    code = models.CharField(max_length=32, unique=True)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="clusters")
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    district = models.CharField(_("所在区"), max_length=16, choices=District)
    adapter = models.CharField(_("接入方式"), max_length=32)
    endpoint = models.CharField(_("接入地址"), max_length=200, blank=True)
    options = models.JSONField(_("接入参数"), default=dict, blank=True)
    origin = models.CharField(_("来源标记"), max_length=16, default="xm")
    region_tier = models.CharField(_("时延圈"), max_length=12, choices=Tier, default=Tier.CITY)
    pue = models.DecimalField("PUE", max_digits=4, decimal_places=2, default=Decimal("1.30"))
    interconnect = models.CharField(_("互联网络"), max_length=40, blank=True)
    max_gang_nodes = models.PositiveSmallIntegerField(_("单个作业最多节点数"), default=1)
    max_hours = models.PositiveSmallIntegerField(_("单个作业最长小时数"), null=True, blank=True)
    lost_after_seconds = models.PositiveIntegerField(_("失联判定秒数"), default=1800)
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.CONNECTING)
    state_reason = models.CharField(max_length=32, blank=True)
    probed_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    silent_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(pue__gte=1), name="cluster_pue_is_at_least_one"),
            models.CheckConstraint(condition=Q(max_gang_nodes__gte=1), name="cluster_gang_has_a_node"),
        ]

    def __str__(self):
        return self.name

    @property
    def accelerator_names(self) -> list[str]:
        """The kinds of cards it has."""
        return [pool.accelerator.name for pool in self.pools.all()]

    @property
    def is_simulated(self) -> bool:
        return self.adapter == self.SIMULATED
