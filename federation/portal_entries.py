"""The federation's doors and figures."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from federation.capacity import desk, tables
from federation.capacity.models import Pool
from federation.capacity.panels import panels as panels
from federation.clusters.models import Cluster
from portal.accounts.permissions import can
from portal.shell.entries import Figure, Gauge, Hit, Navigation
from portal.shell.names import named

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


def state_of_clusters():
    """Whom we can reach, and how many cards are whose."""
    states = Cluster.objects.values_list("code", "state")
    known = {(code, state): float(state == now) for code, now in states for state in Cluster.State.values}
    yield Gauge("portal_cluster_state", "1 for the state a cluster is in", ("cluster", "state"), known)
    totals = Pool.objects.all().totals()
    cards = {(kind,): float(totals[f"cards_{kind}"]) for kind in ("total", "sold", "held")}
    yield Gauge("portal_cards", "Accelerator cards of the city", ("kind",), cards)


gauges = [state_of_clusters]
screens = [tables.clusters, tables.accelerators]


def found_clusters(user, words, limit):
    """The clusters whose inside I may see, by name or code."""
    if not can(user, "clusters.view"):
        return []
    wish = Q(code__istartswith=words) | Q(name__icontains=words) | Q(name_en__icontains=words)
    rows = Cluster.objects.visible_to(user).filter(wish).order_by("code")[:limit]
    return [
        Hit(named(row), reverse("capacity:cluster", args=[row.code]), _("集群"), row.code) for row in rows
    ]


searchers = [found_clusters]
desk_figures = [desk.figures]
desk_piles = [desk.silent_clusters]
