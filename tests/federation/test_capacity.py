"""Cards are promised once, and given back once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from federation.capacity import actions as capacity
from federation.capacity.catalogue_data import CITY, EMBEDDED_RAY
from federation.capacity.models import Hold, Pool
from federation.capacity.queries import Supply, city
from federation.clusters.models import Cluster
from tests.federation.builders import NOON, pool

pytestmark = pytest.mark.django_db


def held(row):
    row.refresh_from_db()
    return row.cards_held, row.held_by_node


def settle_constraints():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_hold_takes_cards_on_named_nodes():
    row = pool()

    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 8), (1, 3)], at=NOON)

    assert held(row) == (11, [8, 3])
    assert (row.cards_free, row.idle_by_node) == (5, [0, 5])


def test_holding_twice_under_one_key_holds_once():
    row = pool()
    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 4)], at=NOON)
    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 4)], at=NOON)

    assert held(row) == (4, [4, 0])
    assert Hold.objects.count() == 1


def test_one_key_is_for_one_promise():
    row = pool()
    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 4)], at=NOON)

    with pytest.raises(capacity.HoldReleased):
        capacity.hold(key="OD-1", pool_id=row.id, allocation=[(1, 4)], at=NOON)
    assert held(row) == (4, [4, 0])


def test_cards_that_are_not_there_are_not_promised():
    row = pool(sold=[8, 5])

    with pytest.raises(capacity.NotEnoughCards):
        capacity.hold(key="OD-1", pool_id=row.id, allocation=[(1, 4)], at=NOON)
    assert held(row) == (0, [0, 0])
    assert not Hold.objects.exists()


def test_a_node_is_not_lent_what_its_neighbour_has():
    row = pool(sold=[6, 0])

    with pytest.raises(capacity.NotEnoughCards):
        capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 3)], at=NOON)
    assert held(row) == (0, [0, 0])


def test_releasing_twice_gives_back_once():
    row = pool()
    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 4)], at=NOON)
    capacity.hold(key="OD-2", pool_id=row.id, allocation=[(1, 2)], at=NOON)

    capacity.release(key="OD-1", at=NOON)
    capacity.release(key="OD-1", at=NOON)

    assert held(row) == (2, [0, 2])


def test_releasing_what_nobody_holds_is_no_error():
    assert capacity.release(key="OD-9", at=NOON) is None


def test_a_released_promise_cannot_be_taken_up_again():
    row = pool()
    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 4)], at=NOON)
    capacity.release(key="OD-1", at=NOON)

    with pytest.raises(capacity.HoldReleased):
        capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 4)], at=NOON)
    assert held(row) == (0, [0, 0])


@pytest.mark.parametrize(
    "lie",
    [
        {"cards_held": 17, "held_by_node": [8, 9]},
        {"cards_held": 9, "held_by_node": [9, 0]},
        {"cards_held": 3, "held_by_node": [0, 0]},
        {"cards_sold": 4, "sold_by_node": [2, 1]},
        {"sold_by_node": [0]},
        {"cards_total": 17},
    ],
)
def test_the_database_itself_refuses_impossible_pools(lie):
    row = pool()

    with pytest.raises(IntegrityError), transaction.atomic():
        Pool.objects.filter(id=row.id).update(**lie)


def test_the_database_refuses_a_hold_that_the_pool_does_not_know():
    row = pool()

    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.create(key="OD-1", pool=row, allocation=[[0, 1]], cards=1, opened_at=NOON)
        settle_constraints()


def test_what_a_cluster_sells_elsewhere_is_taken_over():
    row = pool()

    capacity.observe(pool_id=row.id, cards_total=16, sold_by_node=(8, 1), at=NOON)

    row.refresh_from_db()
    assert (row.cards_sold, row.cards_free, row.cards_disputed) == (9, 7, 0)


def test_a_cluster_cannot_sell_away_what_we_have_promised():
    row = pool()
    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 6)], at=NOON)

    capacity.observe(pool_id=row.id, cards_total=16, sold_by_node=(5, 0), at=NOON)

    row.refresh_from_db()
    assert (row.sold_by_node, row.cards_held, row.cards_disputed) == ([2, 0], 6, 3)


def test_cards_that_have_vanished_are_not_usable():
    row = pool()
    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 2)], at=NOON)

    capacity.observe(pool_id=row.id, cards_total=8, sold_by_node=None, at=NOON)

    row.refresh_from_db()
    assert (row.cards_free, row.cards_usable) == (14, 6)


def test_the_city_is_the_plans_city_and_loads_once():
    first = capacity.load_city(CITY, NOON)
    second = capacity.load_city(CITY, NOON)

    assert first == {"accelerators": 12, "providers": 5, "clusters": 9, "pools": 16}
    assert second == {"accelerators": 0, "providers": 0, "clusters": 0, "pools": 0}
    totals = Pool.objects.totals()
    assert totals["p_total"] == Decimal("1028.5")
    assert totals["p_sold"] == Decimal("495")
    assert totals["p_total"] - totals["p_sold"] == Decimal("533.5")


def test_the_city_adds_up_to_its_pools_whatever_they_are_sorted_by():
    capacity.load_city(CITY, NOON)
    online = Cluster.objects.order_by("code")[:3]
    Cluster.objects.filter(id__in=[one.id for one in online]).update(state=Cluster.State.ONLINE)
    for minutes, one in enumerate(online):
        one.pools.update(observed_at=NOON - timedelta(minutes=minutes))
    Pool.objects.exclude(cluster__in=online).update(observed_at=NOON - timedelta(days=1))
    pools = list(Pool.objects.select_related("accelerator", "cluster"))

    it = city()

    def total(of, *, among=pools):
        return sum((of(pool) for pool in among), Decimal(0))

    assert it.whole.p_total == total(lambda pool: pool.p_total)
    assert it.whole.p_free == total(lambda pool: pool.p_free)
    assert it.whole.cards_free == total(lambda pool: pool.cards_free)
    assert it.whole.p_simulated == total(
        lambda p: p.p_total, among=[p for p in pools if p.cluster.is_simulated]
    )
    assert it.whole.at == NOON - timedelta(minutes=2)
    for parts in (it.clusters, it.accelerators, it.districts):
        assert sum(parts.values(), Supply()) == it.whole


def test_one_cluster_is_real_and_the_others_say_that_they_are_not():
    capacity.load_city(CITY, NOON)

    real = Cluster.objects.get(adapter="ray")
    assert {
        p.accelerator.code: p.cards_total for p in real.pools.select_related("accelerator")
    } == EMBEDDED_RAY
    for simulated in Cluster.objects.exclude(adapter="ray"):
        assert simulated.is_simulated
        assert "模拟" in simulated.name


def test_every_figure_has_a_source():
    capacity.load_city(CITY, NOON)

    assert all(pool.accelerator.source for pool in Pool.objects.select_related("accelerator"))
