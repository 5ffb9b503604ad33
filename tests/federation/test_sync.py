"""What a look at a cluster changes, and what silence does not."""

from datetime import timedelta

import pytest

from federation.adapters.base import CapacitySnapshot, PoolReading
from federation.clusters.models import Cluster
from federation.sync import actions as sync
from federation.sync.tasks import look_at
from tests.federation.builders import NOON, Clock, cluster, pool

pytestmark = pytest.mark.django_db


def test_an_answer_brings_a_cluster_online_with_its_numbers():
    where = cluster(state="connecting", last_seen_at=None)
    row = pool(where, observed_at=None, sold=[3, 0])

    look_at(where, Clock())

    where.refresh_from_db()
    row.refresh_from_db()
    assert (where.state, where.last_seen_at, row.cards_observed, row.observed_at) == (
        "online",
        NOON,
        16,
        NOON,
    )


def test_silence_makes_a_cluster_connecting_first_and_offline_later():
    where = cluster(options={"is_down": True})
    clock = Clock()

    look_at(where, clock)
    where.refresh_from_db()
    first = where.state
    clock.pass_(seconds=91)
    look_at(where, clock)
    where.refresh_from_db()

    assert (first, where.state, where.state_reason, where.silent_since) == (
        "connecting",
        "offline",
        "unreachable",
        NOON,
    )


def test_a_night_switched_off_is_not_a_night_of_silence():
    where = cluster(options={"is_down": True}, last_seen_at=NOON - timedelta(hours=12))

    look_at(where, Clock())

    where.refresh_from_db()
    assert where.state == "connecting"


def test_a_refused_password_is_not_a_lost_cluster():
    where = cluster()

    for minutes in (0, 60):
        sync.note_silent(cluster_id=where.id, reason="auth_expired", at=NOON + timedelta(minutes=minutes))

    where.refresh_from_db()
    assert (where.state, where.state_reason) == ("connecting", "auth_expired")


def test_partial_news_changes_no_cards():
    row = pool(sold=[3, 0])
    partial = CapacitySnapshot(taken_at=NOON, is_complete=False, pools=())

    sync.note_alive(cluster_id=row.cluster_id, snapshot=partial, at=NOON + timedelta(minutes=1))

    row.refresh_from_db()
    assert (row.cards_sold, row.cards_observed, row.observed_at) == (3, None, NOON)


def test_complete_news_without_a_pool_means_its_cards_are_gone():
    row = pool()
    other = CapacitySnapshot(taken_at=NOON, is_complete=True, pools=(PoolReading("h20", 8),))

    sync.note_alive(cluster_id=row.cluster_id, snapshot=other, at=NOON)

    row.refresh_from_db()
    assert (row.cards_observed, row.cards_usable, row.cards_free) == (0, 0, 16)


def test_older_news_does_not_overwrite_newer():
    row = pool()

    sync.note_alive(
        cluster_id=row.cluster_id,
        snapshot=CapacitySnapshot(NOON, True, (PoolReading("ascend910b", 2),)),
        at=NOON - timedelta(seconds=1),
    )

    row.refresh_from_db()
    assert row.cards_observed is None


def test_each_cluster_is_looked_at_once_in_a_round():
    for number in range(3):
        cluster(f"c{number}", last_seen_at=None)

    seen = set()
    while (taken := sync.claim_next(seen=seen, at=NOON)) is not None:
        seen.add(taken.id)

    assert len(seen) == Cluster.objects.count() == 3
    assert sync.claim_next(seen=set(), at=NOON + timedelta(seconds=1)) is None
