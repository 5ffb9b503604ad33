"""Clusters as their owners and the city see them."""

from django.shortcuts import get_object_or_404, render

from federation.capacity import tables
from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from portal.accounts.scoping import require
from portal.shell.screens import show


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
    return render(
        request,
        "capacity/cluster.html",
        {"cluster": found, "pools": found.pools.select_related("accelerator")},
    )


def accelerators(request):
    """The catalogue: every figure with its source."""
    return show(request, tables.accelerators, base="shell/base.html")
