"""The federation's doors and figures."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from federation.capacity import tables
from federation.capacity.models import Pool
from federation.capacity.panels import panels as panels
from portal.shell.entries import Figure, Navigation

navigation = [
    Navigation(gettext_lazy("加速卡目录"), "capacity:accelerators", order=30, icon="chip"),
    Navigation(
        gettext_lazy("集群与容量"),
        "capacity:clusters",
        section="provider",
        order=10,
        icon="server",
        action="clusters.view",
    ),
]


def scale():
    """How much compute the city has, and how much of it is free."""
    totals = Pool.objects.all().totals()
    free = totals["p_total"] - totals["p_sold"] - totals["p_held"]
    return [
        Figure(_("全市算力"), f"{totals['p_total']:,.1f}", "P", url=reverse("capacity:accelerators")),
        Figure(_("可用算力"), f"{free:,.1f}", "P", url="/marketplace/"),
        Figure(_("加速卡"), f"{totals['cards_total']:,}", _("张"), url="/marketplace/"),
    ]


figures = [scale]
screens = [tables.clusters, tables.accelerators]
