"""The city as the engine sees it, and the engine's answers as people read them."""

from django.utils.translation import get_language

from federation.capacity.models import Pool
from scheduler.engine import Decision as Answer
from scheduler.engine import PoolRow, Request, Snapshot, Weights, plan
from scheduler.placement import reasons
from scheduler.placement.models import Decision

NEVER = float("-inf")
NAMES = [
    f"{place}__{name}"
    for place in ("cluster", "cluster__provider", "accelerator")
    for name in ("name", "name_en")
]


def snapshot() -> Snapshot:
    """The city's capacity now, as arrays; one query."""
    pools = Pool.objects.select_related("cluster__provider", "accelerator")
    return Snapshot.of(_row(pool) for pool in pools)


def preview(*, accelerator, cards, provider_code=None, district=None, hours=None, at) -> Answer:
    """Where this would go if it were ordered now. Nothing is promised."""
    request = Request(accelerator, cards, provider=provider_code, district=district, hours=hours)
    return plan(snapshot(), request, Weights(), at.timestamp())


def by_subject(subject_code) -> Decision | None:
    """The decision made for this order."""
    return (
        Decision.objects.select_related("pool__cluster__provider", "pool__accelerator")
        .filter(subject_code=subject_code)
        .first()
    )


def story(decision) -> list[dict]:
    """Every candidate of a decision, best first, in words: why here, why not there. One query.

    Each: pool, cluster, cluster_name, provider_name, is_simulated, is_chosen, cards_free, score,
    sentences [str], parts [(name, value 0–1, weight)].
    """
    part_names = reasons.part_names()
    weights = decision.inputs.get("weights", {})
    is_english = (get_language() or "").startswith("en")
    looked_at = Pool.objects.filter(code__in=[candidate["pool"] for candidate in decision.candidates])
    named_pools = looked_at.select_related("cluster__provider", "accelerator").only(
        "code", "cluster__adapter", *NAMES
    )
    pools = {pool.code: pool for pool in named_pools}
    told = []
    for candidate in decision.candidates:
        pool = pools.get(candidate["pool"])
        cluster = pool.cluster if pool else None
        told.append(
            {
                "pool": candidate["pool"],
                "cluster": candidate["cluster"],
                "cluster_name": _name(cluster, is_english) if cluster else candidate["cluster"],
                "provider_name": _name(cluster.provider, is_english) if cluster else candidate["provider"],
                "accelerator_name": _name(pool.accelerator, is_english) if pool else "",
                "is_simulated": bool(cluster and cluster.is_simulated),
                "is_chosen": candidate["rank"] == 1,
                "cards_free": candidate["cards_free"],
                "score": candidate["score"],
                "reasons": candidate["reasons"],
                "sentences": [reasons.sentence(r, candidate, decision.inputs) for r in candidate["reasons"]],
                "parts": [
                    (part_names[name], value, weights.get(name))
                    for name, value in candidate["parts"].items()
                    if name in part_names
                ],
            }
        )
    return told


def _name(row, is_english) -> str:
    return row.name_en if is_english and row.name_en else row.name


def _row(pool) -> PoolRow:
    cluster = pool.cluster
    return PoolRow(
        code=pool.code,
        cluster=cluster.code,
        provider=cluster.provider.code,
        accelerator=pool.accelerator.code,
        cards_free=pool.cards_usable,
        cards_per_node=pool.cards_per_node,
        node_idle=pool.idle_by_node,
        state=cluster.state,
        district=cluster.district,
        pue=float(cluster.pue),
        observed_at=pool.observed_at.timestamp() if pool.observed_at else NEVER,
        max_gang_nodes=cluster.max_gang_nodes,
        max_hours=float(cluster.max_hours) if cluster.max_hours else float("inf"),
    )
