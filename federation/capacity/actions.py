"""Promise cards and give them back; the pool's row is the lock."""

from django.db import transaction
from django.utils.translation import gettext as _

from federation.capacity.models import Accelerator, Hold, Pool
from federation.clusters.models import Cluster
from federation.providers.models import Provider
from portal.organizations.models import Organization
from portal.shell.exceptions import Refusal


class NotEnoughCards(Refusal):
    """Somebody else got these cards first."""

    status = 409
    code = "not_enough_cards"


class HoldReleased(Refusal):
    """This promise has ended; a new order needs a new key."""

    status = 409
    code = "hold_released"


def hold(*, key, pool_id, allocation, at) -> Hold:
    """Promise these cards on these nodes to this key, all or none. Saying it twice changes nothing.

    allocation: (node number, cards) pairs.
    """
    allocation = [(int(node), int(cards)) for node, cards in allocation]
    with transaction.atomic():
        pool = Pool.objects.select_for_update(no_key=True).get(id=pool_id)
        held = Hold.objects.filter(key=key).first()
        if held is not None:
            return _same(held, pool, allocation)
        wanted = sum(cards for _node, cards in allocation)
        idle = pool.idle_by_node
        if pool.cards_usable < wanted or any(idle[node] < cards for node, cards in allocation):
            raise NotEnoughCards(_("这些卡刚刚被他人占用，请重新选择。"))
        _move(pool, allocation, +1)
        return Hold.objects.create(
            key=key, pool=pool, allocation=allocation, cards=wanted, state=Hold.State.OPEN, opened_at=at
        )


def hold_within(*, key, outer_key, cards, at) -> Hold:
    """Promise cards out of those that another key holds, on its nodes only. Saying it twice changes nothing."""
    with transaction.atomic():
        pool = Pool.objects.select_for_update(no_key=True).get(holds__key=outer_key)
        held = Hold.objects.filter(key=key).first()
        if held is not None:
            return held
        outer = Hold.objects.get(key=outer_key)
        if outer.state == Hold.State.RELEASED:
            raise HoldReleased(_("该预留资源已经结束，请重新选择。"))
        free = dict(map(tuple, outer.allocation))
        for inner in outer.inner.filter(state=Hold.State.OPEN):
            for node, taken in inner.allocation:
                free[node] -= taken
        return Hold.objects.create(
            key=key, within=outer, pool=pool, allocation=_fit(free, cards), cards=cards, opened_at=at
        )


def _fit(free: dict[int, int], cards: int) -> list[tuple[int, int]]:
    """The tightest node that takes them all, or the emptiest nodes one after the other."""
    if cards > sum(free.values()):
        raise NotEnoughCards(
            _("预留资源还剩 %(free)d 张卡，不足 %(cards)d 张。请等其他作业结束或减少卡数。")
            % {"free": sum(free.values()), "cards": cards},
            field="cards",
        )
    whole = [(left, node) for node, left in free.items() if left >= cards]
    if whole:
        return [(min(whole)[1], cards)]
    taken = []
    for left, node in sorted(((left, node) for node, left in free.items() if left), reverse=True):
        taken.append((node, min(left, cards)))
        cards -= taken[-1][1]
        if not cards:
            break
    return taken


def release(*, key, at) -> Hold | None:
    """Give the cards back. Saying it twice changes nothing; a key nobody holds is no error."""
    with transaction.atomic():
        pool = Pool.objects.select_for_update(no_key=True).filter(holds__key=key).first()
        if pool is None:
            return None
        held = Hold.objects.select_for_update(no_key=True).get(key=key)
        if held.state == Hold.State.RELEASED:
            return held
        if held.within_id is None:
            _move(pool, held.allocation, -1)
        held.state, held.released_at = Hold.State.RELEASED, at
        held.save(update_fields=["state", "released_at"])
    return held


def hand_over(*, key, to, at) -> Hold:
    """Promise the cards of one key to another, without their being free in between. Saying it twice changes nothing."""
    with transaction.atomic():
        pool = Pool.objects.select_for_update(no_key=True).get(holds__key=key)
        taken = Hold.objects.filter(key=to).first()
        if taken is not None:
            return taken
        held = Hold.objects.select_for_update(no_key=True).get(key=key)
        if held.state == Hold.State.RELEASED:
            raise HoldReleased(_("该预留资源已经结束，请重新选择。"))
        held.state, held.released_at = Hold.State.RELEASED, at
        held.save(update_fields=["state", "released_at"])
        return Hold.objects.create(
            key=to, pool=pool, allocation=held.allocation, cards=held.cards, opened_at=at
        )


def observe(*, pool_id, cards_total, sold_by_node, at) -> Pool:
    """Take over what a cluster says of itself. Our own promises are never overwritten: a clash is noted instead.

    sold_by_node None = the cluster cannot tell who uses its cards.
    """
    with transaction.atomic():
        pool = Pool.objects.select_for_update(no_key=True).get(id=pool_id)
        if pool.observed_at and pool.observed_at > at:
            return pool
        pool.cards_observed, pool.observed_at = cards_total, at
        disputed = max(0, pool.cards_held - cards_total)
        if sold_by_node is not None:
            claimed = (list(sold_by_node) + [0] * pool.nodes)[: pool.nodes]
            room = [pool.cards_per_node - held for held in pool.held_by_node]
            pool.sold_by_node = [min(max(0, said), left) for said, left in zip(claimed, room, strict=True)]
            pool.cards_sold = sum(pool.sold_by_node)
            disputed += sum(max(0, said - left) for said, left in zip(claimed, room, strict=True))
        pool.cards_disputed = disputed
        pool.save()
    return pool


def _same(held, pool, allocation) -> Hold:
    asked = [list(pair) for pair in allocation]
    if held.pool_id != pool.id or [list(pair) for pair in held.allocation] != asked:
        raise HoldReleased(_("该占用编号已用于另一笔占用。"))
    if held.state == Hold.State.RELEASED:
        raise HoldReleased(_("该占用已经释放，请重新下单。"))
    return held


def _move(pool, allocation, sign):
    held = list(pool.held_by_node)
    for node, cards in allocation:
        held[node] += sign * cards
    pool.held_by_node, pool.cards_held = held, sum(held)
    pool.save(update_fields=["held_by_node", "cards_held"])


def load_city(data, at) -> dict[str, int]:
    """Register a city's card types, owners, clusters and pools. What is there already is left alone.

    data: see catalogue_data.CITY. Answers how many of each were new. A cluster counts as connecting until it answers.
    """
    new = {"accelerators": 0, "providers": 0, "clusters": 0, "pools": 0}
    with transaction.atomic():
        for row in data["accelerators"]:
            fields = {name: value for name, value in row.items() if name != "code"}
            _row, is_new = Accelerator.objects.get_or_create(code=row["code"], defaults=fields)
            new["accelerators"] += is_new
        for row in data["providers"]:
            new["providers"] += _provider(row)
        for row in data["clusters"]:
            cluster, is_new = _cluster(row)
            new["clusters"] += is_new
            new["pools"] += sum(_pool(cluster, pool) for pool in row["pools"])
    return new


def _provider(row) -> bool:
    organization, _new = Organization.objects.get_or_create(
        code=row["organization"],
        defaults={
            "kind": Organization.Kind.PROVIDER,
            "name": row["name"],
            "name_en": row["name_en"],
            "district": row["district"],
        },
    )
    fields = ("name", "name_en", "is_simulated", "commission_rate")
    _provider, is_new = Provider.objects.get_or_create(
        code=row["code"],
        defaults={"organization": organization, **{name: row[name] for name in fields}},
    )
    return is_new


def _cluster(row) -> tuple[Cluster, bool]:
    plain = {name: value for name, value in row.items() if name not in ("code", "provider", "pools")}
    if row["adapter"] == "simulated":
        plain["options"] = {"pools": row["pools"]}
    return Cluster.objects.get_or_create(
        code=row["code"], defaults={"provider": Provider.objects.get(code=row["provider"]), **plain}
    )


def _pool(cluster, row) -> bool:
    sold = row["sold_by_node"]
    _pool, is_new = Pool.objects.get_or_create(
        cluster=cluster,
        accelerator=Accelerator.objects.get(code=row["accelerator"]),
        defaults={
            "code": f"{cluster.code}-{row['accelerator']}",
            "nodes": row["nodes"],
            "cards_per_node": row["cards_per_node"],
            "cards_total": row["nodes"] * row["cards_per_node"],
            "cards_sold": sum(sold),
            "sold_by_node": sold,
            "held_by_node": [0] * row["nodes"],
        },
    )
    return is_new
