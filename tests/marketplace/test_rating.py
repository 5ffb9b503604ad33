"""Shares of an amount, to the fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.pricing.rating import commission_on, share


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6), st.data())
def test_shares_sum_exactly_and_no_part_pays_more_than_it_held(parts, data):
    whole = sum(parts)
    amount = data.draw(st.integers(0, whole))

    shares = share(amount, whole, parts)

    assert sum(shares) == amount
    assert all(0 <= paid <= held for paid, held in zip(shares, parts, strict=True))


@pytest.mark.parametrize(
    ("amount", "parts", "shares"),
    [
        (10, [5, 5, 1], [4, 5, 1]),
        (1, [1, 1], [0, 1]),
        (7, [10, 10, 10], [2, 2, 3]),
        (4, [0, 5], [0, 4]),
        (0, [3, 4], [0, 0]),
    ],
)
def test_odd_fen_fall_to_the_largest_remainder_and_the_later_part(amount, parts, shares):
    assert share(amount, sum(parts), parts) == shares


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6))
def test_the_whole_is_paid_by_every_part_in_full(parts):
    assert share(sum(parts), sum(parts), parts) == parts


def test_parts_that_do_not_make_the_whole_are_refused():
    with pytest.raises(ValueError, match="whole"):
        share(1, 10, [4, 5])


@given(st.integers(0, 10**12), st.decimals(min_value=0, max_value=1, places=4))
def test_commission_lies_within_the_amount(gross, commission_rate):
    assert 0 <= commission_on(gross, commission_rate) <= gross
