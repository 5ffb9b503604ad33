"""Many hands reach for the same cards, the same cluster, the same work."""

import threading

import pytest
from django.db import connection, transaction

from federation.adapters.models import SimulatedJob
from federation.capacity import actions as capacity
from federation.capacity.models import Hold, Pool
from federation.usage.models import UsageRecord
from portal.organizations.models import Organization
from scheduler.dispatch import tasks
from scheduler.placement import actions as placement
from scheduler.workloads import actions as workloads
from scheduler.workloads.models import Workload
from tests.federation.builders import NOON, Clock, pool

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8


def together(work, hands=HANDS):
    """Run work(number) in that many threads at the same moment; answers and errors in order."""
    gate = threading.Barrier(hands)
    outcomes = [None] * hands

    def hand(number):
        try:
            gate.wait(timeout=20)
            outcomes[number] = work(number)
        except Exception as failure:
            outcomes[number] = failure
        finally:
            connection.close()

    threads = [threading.Thread(target=hand, args=(number,)) for number in range(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def failures(outcomes):
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]


def test_the_last_card_goes_to_one():
    row = pool(nodes=1, sold=[7])

    outcomes = together(lambda n: capacity.hold(key=f"OD-{n}", pool_id=row.id, allocation=[(0, 1)], at=NOON))

    row.refresh_from_db()
    assert failures(outcomes) == [capacity.NotEnoughCards] * (HANDS - 1)
    assert (row.cards_held, row.cards_free, Hold.objects.count()) == (1, 0, 1)


def test_without_the_lock_the_last_card_would_be_promised_twice():
    """The race is real: two hands that look before either writes both see a free card. The database says no."""
    row = pool(nodes=1, sold=[7])
    both_have_looked = threading.Barrier(2)

    def unguarded(number):
        with transaction.atomic():
            seen = Pool.objects.get(id=row.id)
            free = seen.cards_free
            both_have_looked.wait(timeout=20)
            assert free == 1
            Pool.objects.filter(id=row.id).update(cards_held=seen.cards_held + 1, held_by_node=[1])
            Hold.objects.create(key=f"OD-{number}", pool=row, allocation=[[0, 1]], cards=1, opened_at=NOON)
            return free

    outcomes = together(unguarded, hands=2)

    assert len(failures(outcomes)) == 1
    assert Hold.objects.count() == 1


def test_orders_racing_for_a_pool_never_share_a_card():
    row = pool(nodes=2)

    outcomes = together(
        lambda n: placement.decide(subject_code=f"OD-{n}", accelerator="ascend910b", cards=4, at=NOON)
    )

    row.refresh_from_db()
    assert failures(outcomes) == [placement.NowhereToRun] * (HANDS - 4)
    assert (row.cards_held, row.held_by_node) == (16, [8, 8])


def test_one_order_decided_by_many_hands_holds_once():
    row = pool()

    def decide(_number):
        with transaction.atomic():
            return placement.decide(subject_code="OD-1", accelerator="ascend910b", cards=4, at=NOON).code

    together(decide)

    row.refresh_from_db()
    assert (row.cards_held, Hold.objects.count()) == (4, 1)


def test_releasing_from_many_hands_gives_back_once():
    row = pool()
    capacity.hold(key="OD-1", pool_id=row.id, allocation=[(0, 4)], at=NOON)
    capacity.hold(key="OD-2", pool_id=row.id, allocation=[(1, 4)], at=NOON)

    together(lambda _n: capacity.release(key="OD-1", at=NOON))

    row.refresh_from_db()
    assert (row.cards_held, row.held_by_node) == (4, [0, 4])


def test_sweeps_running_together_submit_and_close_each_work_once():
    pool(nodes=4)
    firm = Organization.objects.create(code="EN-1", kind="enterprise", name="甲")
    for number in range(6):
        decision = placement.decide(subject_code=f"OD-{number}", accelerator="ascend910b", cards=4, at=NOON)
        workloads.create(
            organization=firm,
            order_code=f"OD-{number}",
            decision=decision,
            command='PORTAL_SIMULATE="seconds=30"',
            max_seconds=60,
            at=NOON,
        )
    clock = Clock()

    def sweep(_number):
        tasks.sweep((tasks.Status.QUEUED, tasks.Status.SUBMITTING), tasks.submit, clock)
        tasks.sweep((tasks.Status.ACCEPTED, tasks.Status.RUNNING), tasks.observe, clock)

    outcomes = together(sweep, hands=4)
    clock.pass_(minutes=5)
    outcomes += together(sweep, hands=4)

    assert failures(outcomes) == []
    assert SimulatedJob.objects.count() == 6
    assert list(Workload.objects.values_list("status", flat=True)) == ["succeeded"] * 6
    assert list(UsageRecord.objects.values_list("seconds", flat=True)) == [30] * 6
    assert Pool.objects.get().cards_held == 0
