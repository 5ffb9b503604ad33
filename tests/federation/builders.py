"""Small cities for tests."""

from datetime import UTC, datetime
from decimal import Decimal

from federation.capacity.models import Accelerator, Pool
from federation.clusters.models import Cluster
from federation.providers.models import Provider
from portal.organizations.models import Organization

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def card(code="ascend910b", tflops="313.00"):
    return Accelerator.objects.get_or_create(
        code=code,
        defaults={
            "name": code,
            "vendor": "v",
            "memory_gb": 64,
            "fp16_tflops": Decimal(tflops),
            "source": "test",
        },
    )[0]


def cluster(code="siming-lab", provider="siming", *, adapter="simulated", state="online", **fields):
    organization, _new = Organization.objects.get_or_create(
        code=f"PR-{provider}", defaults={"kind": "provider", "name": provider}
    )
    owner, _new = Provider.objects.get_or_create(
        code=provider, defaults={"organization": organization, "name": provider}
    )
    values = {"max_gang_nodes": 4, "district": "siming", "last_seen_at": NOON} | fields
    return Cluster.objects.create(
        code=code, provider=owner, name=code, adapter=adapter, state=state, **values
    )


def pool(
    where=None, accelerator="ascend910b", *, nodes=2, cards_per_node=8, sold=None, observed_at=NOON, **fields
):
    """A pool, and the same capacity in its simulated cluster's own words."""
    where = where or cluster()
    sold = list(sold or [0] * nodes)
    if where.adapter == "simulated":
        where.options.setdefault("pools", []).append(
            {
                "accelerator": accelerator,
                "nodes": nodes,
                "cards_per_node": cards_per_node,
                "sold_by_node": sold,
            }
        )
        where.save(update_fields=["options"])
    return Pool.objects.create(
        code=f"{where.code}-{accelerator}",
        cluster=where,
        accelerator=card(accelerator),
        nodes=nodes,
        cards_per_node=cards_per_node,
        cards_total=nodes * cards_per_node,
        cards_sold=sum(sold),
        sold_by_node=sold,
        held_by_node=[0] * nodes,
        observed_at=observed_at,
        **fields,
    )


class Clock:
    """A clock that a test moves."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now

    def pass_(self, **delta):
        from datetime import timedelta

        self.now += timedelta(**delta)
        return self.now
