"""A provider's figures, by example and for any numbers."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.settlement.amounts import Band, Deal, Period, amounts, availability, is_a_leap, months_later

D = Decimal
CONTRACT = Deal(
    tax_rate=D("0.06"),
    retention_rate=D("0.05"),
    bands=(Band(D("0.999"), D("0.10")), Band(D("0.99"), D("0.25"))),
)
ANY = settings(deadline=None, suppress_health_check=list(HealthCheck))
FEN = st.integers(min_value=-(10**12), max_value=10**12)
SECONDS = st.integers(min_value=0, max_value=10**12)
RATE = st.decimals(min_value=0, max_value=1, places=4)
DEALS = st.builds(Deal, RATE, RATE, st.lists(st.builds(Band, RATE, RATE), max_size=4).map(tuple))
PERIODS = st.builds(
    Period,
    gross=FEN,
    commission=FEN,
    delivered=SECONDS,
    failed=SECONDS,
    carried=st.integers(min_value=-(10**12), max_value=0),
    adjusted=FEN,
    released=st.integers(min_value=0, max_value=10**12),
)


def test_without_terms_a_provider_gets_what_it_earned():
    assert amounts(Period(9408, 470), Deal()).due == 8938


def test_each_deduction_is_taken_from_what_the_one_before_left():
    worked = amounts(
        Period(100_000, 5_000, delivered=995, failed=5, carried=-1_000, adjusted=200, released=30), CONTRACT
    )

    assert (worked.availability, worked.penalty) == (D("0.995000"), 10_000)
    assert (worked.tax, worked.retention) == (5_100, 3_995)
    assert (worked.net, worked.due) == (75_905, 75_135)


@pytest.mark.parametrize(
    ("delivered", "failed", "penalty"),
    [(999, 1, 0), (9_989, 11, 1_000), (990, 10, 1_000), (989, 11, 2_500), (0, 1, 2_500), (0, 0, 0)],
)
def test_the_band_that_a_share_falls_into_begins_below_its_edge(delivered, failed, penalty):
    assert amounts(Period(10_000, 0, delivered, failed), CONTRACT).penalty == penalty


def test_half_a_fen_is_rounded_up_once_for_the_whole_statement():
    assert amounts(Period(50, 0), Deal(tax_rate=D("0.01"))).tax == 1
    assert amounts(Period(49, 0), Deal(tax_rate=D("0.01"))).tax == 0


def test_a_period_in_which_more_went_back_than_was_earned_is_not_deducted_from():
    worked = amounts(Period(-10_000, -500, delivered=0, failed=9), CONTRACT)

    assert (worked.penalty, worked.tax, worked.retention, worked.due) == (0, 0, 0, -9_500)


@ANY
@given(PERIODS, DEALS)
def test_whatever_comes_in_is_deducted_or_paid_to_the_fen(period, deal):
    worked = amounts(period, deal)

    deducted = period.commission + worked.penalty + worked.tax + worked.retention
    assert worked.net == period.gross - deducted
    assert worked.due == worked.net + period.carried + period.adjusted + period.released


@ANY
@given(PERIODS, DEALS)
def test_deductions_never_take_more_than_was_earned(period, deal):
    worked = amounts(period, deal)

    earned = max(period.gross - period.commission, 0)
    assert min(worked.penalty, worked.tax, worked.retention) >= 0
    assert worked.penalty + worked.tax + worked.retention <= earned


@ANY
@given(PERIODS, DEALS, st.integers(min_value=1, max_value=10**9))
def test_failing_more_never_pays_more(period, deal, more):
    worse = Period(**{**period.__dict__, "failed": period.failed + more})

    assert amounts(worse, deal).penalty >= amounts(period, deal).penalty


@ANY
@given(SECONDS, SECONDS)
def test_a_delivered_share_is_a_share(delivered, failed):
    assert 0 <= availability(delivered, failed) <= 1


@pytest.mark.parametrize(
    ("gross", "past", "answer"),
    [
        (400, [100, 100, 100], False),
        (401, [100, 100, 100], True),
        (-201, [100, 100, 100], True),
        (5_000, [100, 100], False),
        (421, [100, 90, 110, 100_000], True),
    ],
)
def test_a_leap_is_measured_against_the_median_of_enough_periods(gross, past, answer):
    assert is_a_leap(gross, past, most=D(3), least_periods=3) is answer


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 11, 1), 3, date(2027, 2, 1)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
    ],
)
def test_months_later_is_the_same_day_or_the_last(day, months, later):
    assert months_later(day, months) == later
