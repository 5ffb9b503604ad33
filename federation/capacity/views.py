"""Clusters as their owners and the city see them."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from federation.capacity import tables
from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from portal.accounts.scoping import require
from portal.shell.names import named
from portal.shell.screens import RecordScreen, show


@require("clusters.view")
def clusters(request):
    """Every cluster I may see, its state, and how its cards are used."""
    asked = tables.clusters.asked(request.user, request.GET)
    totals = Pool.objects.filter(cluster__in=asked.rows.values("id")).totals()
    return show(request, tables.clusters, "capacity/clusters.html", totals=totals)


@require("clusters.view")
def cluster(request, code):
    """One cluster: where it is, how it is reached, its pools node by node."""
    found = get_object_or_404(Cluster.objects.visible_to(request.user).select_related("provider"), code=code)
    context = {
        "record": RecordScreen(
            found, found.code, named(found), _("集群与容量"), reverse("capacity:clusters"), "state"
        ),
        "cluster": found,
        "cluster_facts": tables.CLUSTER_FACTS,
        "pools": found.pools.select_related("accelerator"),
    }
    return render(request, "capacity/cluster.html", context)


def accelerators(request):
    """The catalogue: every figure with its source."""
    return show(request, tables.accelerators, base="shell/base.html")
