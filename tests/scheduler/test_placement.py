"""A decision promises the cards it speaks of, and says why."""

import pytest

from federation.capacity.models import Hold
from scheduler.engine import Reason
from scheduler.placement import actions as placement
from scheduler.placement import queries
from scheduler.placement.models import Decision
from scheduler.placement.reasons import part_names, sentence
from tests.federation.builders import NOON, cluster, pool

pytestmark = pytest.mark.django_db


def decide(code="OD-1", cards=4, **more):
    return placement.decide(subject_code=code, accelerator="ascend910b", cards=cards, at=NOON, **more)


def test_deciding_holds_the_cards_under_the_orders_code():
    row = pool()

    decision = decide(cards=12)

    row.refresh_from_db()
    assert (decision.pool, decision.allocation, row.cards_held) == (row, ((0, 8), (1, 4)), 12)
    assert Hold.objects.get().key == "OD-1"


def test_deciding_twice_for_one_order_holds_once():
    row = pool()

    assert decide() == decide()
    row.refresh_from_db()
    assert (row.cards_held, Decision.objects.count()) == (4, 1)


def test_each_order_takes_from_what_is_left():
    row = pool()
    decide("OD-1", cards=8)
    decide("OD-2", cards=8)

    with pytest.raises(placement.NowhereToRun) as refusal:
        decide("OD-3", cards=1)
    row.refresh_from_db()
    assert row.cards_held == 16
    assert "0" in refusal.value.message
    assert (Decision.objects.count(), Hold.objects.count()) == (2, 2)


def test_only_the_offers_own_provider_is_chosen():
    pool(cluster("a", "telecom"))
    mine = pool(cluster("b", "siming"))

    decision = decide(provider_code="siming")

    assert decision.pool == mine
    told = {c["pool"]: c["reasons"] for c in decision.candidates}
    assert told == {"b-ascend910b": ["chosen"], "a-ascend910b": ["other_provider"]}


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        ("offline", {}, "连接不上"),
        ("connecting", {}, "连接不上"),
        ("online", {"observed_at": None}, "连接不上"),
        ("online", {"sold": [8, 8]}, "最多可订 0 张"),
        ("online", {"sold": [1, 1]}, "分散"),
    ],
)
def test_a_refusal_says_what_to_do_and_promises_nothing(state, fields, words):
    pool(cluster(state=state), **fields)

    with pytest.raises(placement.NowhereToRun, match=words):
        decide(cards=8)
    assert not Hold.objects.exists()


def test_an_offer_that_nobody_has_is_refused():
    pool(accelerator="h20")

    with pytest.raises(placement.NowhereToRun, match="没有可用的资源池"):
        decide()


def test_a_preview_promises_nothing():
    row = pool()

    answer = queries.preview(accelerator="ascend910b", cards=4, at=NOON)

    row.refresh_from_db()
    assert (answer.chosen, row.cards_held, Decision.objects.count()) == (row.code, 0, 0)


def test_the_story_tells_every_candidate(django_assert_num_queries):
    pool(cluster("a", "telecom"))
    pool(cluster("b", "siming"))
    decision = decide(provider_code="siming")

    with django_assert_num_queries(1):
        told = queries.story(decision)

    assert [(c["cluster"], c["is_chosen"], c["is_simulated"]) for c in told] == [
        ("b", True, True),
        ("a", False, True),
    ]
    assert [name for name, _value, _weight in told[0]["parts"]] == list(part_names().values())
    assert all(c["sentences"] for c in told)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence(reason):
    words = sentence(reason, {"cards_free": 3, "rank": 2}, {"cards": 8, "max_age_seconds": 600})

    assert words.endswith("。")
