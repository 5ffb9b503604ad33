"""Clusters as their owners and the city see them."""

from django.shortcuts import get_object_or_404, render

from federation.capacity.models import Accelerator, Pool
from federation.clusters.models import Cluster
from portal.accounts.scoping import require


@require("clusters.view")
def clusters(request):
    """Every cluster I may see, its state, and how its cards are used."""
    rows = (
        Cluster.objects.visible_to(request.user)
        .select_related("provider")
        .prefetch_related("pools__accelerator")
    )
    for name, field in (("district", "district"), ("provider", "provider__code"), ("state", "state")):
        if request.GET.get(name):
            rows = rows.filter(**{field: request.GET[name]})
    if request.GET.get("accelerator"):
        rows = rows.filter(pools__accelerator__code=request.GET["accelerator"])
    totals = Pool.objects.filter(cluster__in=rows.values("id")).totals()
    return render(request, "capacity/clusters.html", {"clusters": rows, "totals": totals})


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
    return render(
        request,
        "capacity/accelerators.html",
        {"accelerators": Accelerator.objects.order_by("vendor", "code")},
    )
