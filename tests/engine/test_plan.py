"""The engine's promises, over thousands of made-up cities."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.engine import PoolRow, Reason, Request, Snapshot, Weights, nodes_from_shape, plan
from tests.engine import reference

NOW = 1_800_000_000.0

request_values = st.builds(
    Request,
    accelerator=st.sampled_from(["ascend910b", "a800"]),
    cards=st.integers(1, 40),
    provider=st.sampled_from([None, "telecom", "siming"]),
    district=st.sampled_from([None, "siming", "huli"]),
    hours=st.sampled_from([None, 1.0, 100.0]),
    gang=st.booleans(),
)


@st.composite
def pool_rows(draw, number):
    per_node = draw(st.sampled_from([1, 4, 8, 16]))
    idle = draw(st.lists(st.integers(0, per_node), max_size=6))
    return PoolRow(
        code=f"pool-{number:02d}",
        cluster=f"cluster-{number % 3}",
        provider=draw(st.sampled_from(["telecom", "siming"])),
        accelerator=draw(st.sampled_from(["ascend910b", "a800"])),
        cards_free=max(0, sum(idle) - draw(st.sampled_from([0, 0, 0, 3]))),
        cards_per_node=per_node,
        node_idle=idle,
        state=draw(st.sampled_from(["online", "online", "online", "connecting", "offline", "odd"])),
        district=draw(st.sampled_from(["siming", "huli"])),
        price=draw(st.sampled_from([float("nan"), 2.5, 9.0])),
        pue=draw(st.sampled_from([1.15, 1.4])),
        observed_at=NOW - draw(st.sampled_from([0.0, 30.0, 3600.0])),
        max_gang_nodes=draw(st.integers(1, 4)),
        max_hours=draw(st.sampled_from([24.0, float("inf")])),
    )


@st.composite
def cities(draw):
    return [draw(pool_rows(number)) for number in range(draw(st.integers(0, 7)))]


@given(cities(), request_values)
@settings(max_examples=400, deadline=None)
def test_the_fast_plan_is_the_plain_plan(rows, request):
    chosen, allocation, verdicts = reference.plan(rows, request, now=NOW)

    decision = plan(Snapshot.of(rows), request, now=NOW)

    assert decision.chosen == chosen
    assert decision.allocation == allocation
    told = {c.pool: (() if c.is_feasible else c.reasons, c.score) for c in decision.candidates}
    assert {code: reasons for code, (reasons, _) in told.items()} == {
        code: why for code, (why, _) in verdicts.items()
    }
    assert {code: score for code, (_, score) in told.items()} == pytest.approx(
        {code: score for code, (_, score) in verdicts.items()}
    )


@given(cities(), request_values)
@settings(max_examples=200, deadline=None)
def test_nothing_is_promised_twice_or_in_part(rows, request):
    decision = plan(Snapshot.of(rows), request, now=NOW)

    if decision.chosen is None:
        assert decision.allocation == ()
        return
    row = next(row for row in rows if row.code == decision.chosen)
    assert sum(cards for _, cards in decision.allocation) == request.cards
    assert all(0 < cards <= row.node_idle[node] for node, cards in decision.allocation)
    assert len({node for node, _ in decision.allocation}) == len(decision.allocation)
    assert len(decision.allocation) <= (row.max_gang_nodes if request.gang else 1)
    assert request.cards <= row.cards_free


@given(cities(), request_values, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_pools_never_matters(rows, request, random):
    shuffled = rows[:]
    random.shuffle(shuffled)

    first, second = plan(Snapshot.of(rows), request, now=NOW), plan(Snapshot.of(shuffled), request, now=NOW)

    assert (first.chosen, first.allocation, first.candidates) == (
        second.chosen,
        second.allocation,
        second.candidates,
    )


@given(cities(), request_values)
@settings(max_examples=200, deadline=None)
def test_every_candidate_says_why(rows, request):
    decision = plan(Snapshot.of(rows), request, now=NOW)

    assert sorted(candidate.pool for candidate in decision.candidates) == sorted(row.code for row in rows)
    for candidate in decision.candidates:
        assert candidate.reasons
        assert candidate.is_feasible == (candidate.reasons in {(Reason.CHOSEN,), (Reason.OUTSCORED,)})
    assert [c.pool for c in decision.candidates if Reason.CHOSEN in c.reasons] == (
        [decision.chosen] if decision.chosen else []
    )


def pool(code, **changes):
    values = {
        "cluster": code,
        "provider": "siming",
        "accelerator": "ascend910b",
        "cards_free": 16,
        "cards_per_node": 8,
        "node_idle": (8, 8),
        "observed_at": NOW,
        "max_gang_nodes": 2,
        "pue": 1.2,
    }
    return PoolRow(code=code, **(values | changes))


def reasons(row, **asked):
    request = Request(**({"accelerator": "ascend910b", "cards": 8} | asked))
    [candidate] = plan(Snapshot.of([row]), request, now=NOW).candidates
    return candidate.reasons


@pytest.mark.parametrize(
    ("changes", "asked", "expected"),
    [
        ({}, {}, (Reason.CHOSEN,)),
        ({"accelerator": "a800"}, {}, (Reason.WRONG_ACCELERATOR,)),
        ({}, {"provider": "telecom"}, (Reason.OTHER_PROVIDER,)),
        ({"state": "offline"}, {}, (Reason.CLUSTER_OFFLINE,)),
        ({"state": "connecting"}, {}, (Reason.CLUSTER_CONNECTING,)),
        ({"observed_at": NOW - 601}, {}, (Reason.STALE_DATA,)),
        ({"max_hours": 2.0}, {"hours": 3}, (Reason.HOURS_TOO_LONG,)),
        ({"cards_free": 7, "node_idle": (7, 0)}, {}, (Reason.NOT_ENOUGH_CARDS,)),
        ({"cards_free": 14, "node_idle": (7, 7)}, {}, (Reason.GANG_DOES_NOT_FIT,)),
        ({"max_gang_nodes": 1}, {"cards": 16}, (Reason.GANG_TOO_WIDE,)),
        ({}, {"cards": 16, "gang": False}, (Reason.GANG_TOO_WIDE,)),
        ({}, {"cards": 16}, (Reason.CHOSEN,)),
    ],
)
def test_each_reason_has_its_case(changes, asked, expected):
    assert reasons(pool("p", **changes), **asked) == expected


def test_equal_pools_go_to_the_smallest_code():
    decision = plan(Snapshot.of([pool("b"), pool("a")]), Request("ascend910b", 4), now=NOW)

    assert [candidate.pool for candidate in decision.candidates] == ["a", "b"]
    assert decision.chosen == "a"


def test_a_small_job_goes_where_it_breaks_no_whole_node():
    rows = [pool("a", node_idle=(8, 8)), pool("b", node_idle=(8, 2), cards_free=10)]

    decision = plan(Snapshot.of(rows), Request("ascend910b", 2), now=NOW)

    assert (decision.chosen, decision.allocation) == ("b", ((1, 2),))


def test_a_wide_gang_takes_whole_nodes_and_the_tightest_rest():
    row = pool("a", node_idle=(8, 5, 4, 8), cards_free=25, max_gang_nodes=3)

    decision = plan(Snapshot.of([row]), Request("ascend910b", 20), now=NOW)

    assert decision.allocation == ((0, 8), (2, 4), (3, 8))


def test_money_outweighs_every_other_part_but_not_the_law():
    rows = [
        pool("dear", price=9.0, district="siming"),
        pool("cheap", price=3.0),
        pool("free", price=0.1, state="offline"),
    ]

    decision = plan(Snapshot.of(rows), Request("ascend910b", 8, district="siming"), Weights(), NOW)

    assert decision.chosen == "cheap"


def test_a_histogram_of_shapes_is_as_good_as_nodes():
    assert nodes_from_shape({8: 2, 3: 1}) == [3, 8, 8]


@pytest.mark.parametrize(("cards", "hours"), [(0, None), (-1, None), (1, 0), (1, -2)])
def test_a_request_for_nothing_is_refused(cards, hours):
    with pytest.raises(ValueError, match="card|hours"):
        Request("ascend910b", cards, hours=hours)


def test_a_node_cannot_have_more_idle_cards_than_cards():
    with pytest.raises(ValueError, match="idle"):
        Snapshot.of([pool("a", node_idle=(9,))])


def test_two_pools_cannot_share_a_code():
    with pytest.raises(ValueError, match="share"):
        Snapshot.of([pool("a"), pool("a")])
