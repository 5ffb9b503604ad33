"""What the compute network lays on the desks of providers and operators."""

from django.utils.translation import gettext as _

from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from portal.accounts.permissions import can
from portal.shell.entries import Figure, Pile, Task, address
from portal.shell.names import named

MOST_SHOWN = 8


def figures(request) -> list[Figure]:
    """How much of my clusters is sold, and how many of them answer."""
    if not can(request.user, "clusters.view"):
        return []
    totals = Pool.objects.visible_to(request.user).totals()
    every = totals["cards_total"]
    taken = totals["cards_sold"] + totals["cards_held"]
    use = f"{100 * taken / every:.1f}" if every else "0.0"
    here = address("capacity:clusters")
    note = _("%(taken)s / %(every)s 张已售") % {"taken": f"{taken:,}", "every": f"{every:,}"}
    return [Figure(_("利用率"), use, "%", here, note, "gauge")]


def silent_clusters(request) -> list[Pile]:
    """The clusters that do not answer, the longest silent first."""
    if not can(request.user, "clusters.view"):
        return []
    silent = Cluster.objects.visible_to(request.user).exclude(state=Cluster.State.ONLINE)
    tasks = [
        Task(
            named(cluster),
            f"/clusters/{cluster.code}/",
            cluster.last_seen_at or cluster.created_at,
            named(cluster.provider),
            cluster.state,
            cluster.get_state_display(),
        )
        for cluster in silent.select_related("provider").order_by("last_seen_at")[:MOST_SHOWN]
    ]
    if not tasks:
        return []
    url = address("capacity:clusters", state=Cluster.State.OFFLINE)
    return [Pile(_("不在线的集群"), len(tasks), tasks, url)]
