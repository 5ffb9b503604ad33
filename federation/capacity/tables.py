"""The lists of clusters and of accelerators."""

import django_filters as filters
from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from federation.capacity.models import Accelerator, Pool
from federation.clusters.models import Cluster
from federation.providers.models import Provider
from portal.shell.districts import District
from portal.shell.filters import Filters, Named
from portal.shell.screens import Column, Empty, ListScreen


class ClusterFilters(Filters):
    words = ("name", "name_en", "^code")
    hint = _("集群名称或编号")

    district = filters.ChoiceFilter(label=_("所在区"), choices=District, empty_label=_("全部"))
    provider = Named(label=_("服务商"), queryset=lambda request: Provider.objects.all(), to_field_name="code")
    accelerator = Named(
        label=_("型号"),
        field_name="pools__accelerator",
        queryset=lambda request: Accelerator.objects.all(),
        to_field_name="code",
        distinct=True,
    )


clusters = ListScreen(
    "clusters",
    _("集群与容量"),
    lead=_(
        "各集群上报的加速卡：总量、平台外已售、平台订单占用与可售。1P 等于每秒 10¹⁵ 次 FP16 稠密浮点运算。"
    ),
    rows=lambda user: (
        Cluster.objects.visible_to(user)
        .select_related("provider")
        .prefetch_related(Prefetch("pools", Pool.objects.select_related("accelerator")))
    ),
    action="clusters.view",
    scope="federation:read",
    filters=ClusterFilters,
    tabs="state",
    order="code",
    columns=(
        Column("name", _("集群"), template="capacity/_name.html", value="__str__"),
        Column("code", _("集群编号"), "code", is_optional=True),
        Column("provider", _("服务商"), beneath="name"),
        Column("district", _("所在区"), "choice", sort="district"),
        Column("accelerators", _("型号"), value="accelerator_names", template="capacity/_accelerators.html"),
        Column("stock", _("可售 / 总卡数"), template="capacity/_stock.html", is_on_paper=False),
        Column("pue", "PUE", "number", sort="pue"),
        Column("last_seen_at", _("最近联系"), "time", sort="last_seen_at"),
        Column("state", _("状态"), "status"),
    ),
    empty=Empty(_("还没有集群"), _("服务商接入集群后会自动出现在这里。"), icon="server"),
)


class AcceleratorFilters(Filters):
    words = ("name", "vendor", "^code")
    hint = _("型号或厂商")


accelerators = ListScreen(
    "accelerators",
    _("加速卡目录"),
    lead=_("平台按每张卡的 FP16 稠密算力折算 P；每个数字都注明出处。"),
    rows=lambda user: Accelerator.objects.all(),
    is_public=True,
    filters=AcceleratorFilters,
    order="vendor",
    columns=(
        Column("name", _("型号"), template="capacity/_accelerator.html", sort="name"),
        Column("vendor", _("厂商"), value="vendor_name", sort="vendor"),
        Column("memory_gb", _("显存"), "number", sort="memory_gb", unit="GB"),
        Column("fp16_tflops", _("FP16 稠密算力"), "number", sort="fp16_tflops", unit="TFLOPS"),
        Column("source", _("数据来源"), url="source_url"),
    ),
    empty=Empty(_("还没有加速卡"), icon="chip"),
)

# What a cluster's own page says of it.
CLUSTER_FACTS = (
    Column("code", _("集群编号"), "code"),
    Column("adapter", _("接入方式")),
    Column("region_tier", _("时延圈"), "choice"),
    Column("pue", "PUE", "number"),
    Column("interconnect", _("互联网络")),
    Column("max_gang_nodes", _("单个作业最多节点数"), "number"),
    Column("last_seen_at", _("最近联系"), "time"),
)
