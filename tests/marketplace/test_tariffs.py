"""Tiers, calendars and commitments, to the fen."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.pricing.tariffs import Tariff, Unit, after, card_hours, elapsed

XIAMEN = ZoneInfo("Asia/Shanghai")
PRICES = st.decimals(min_value="0.00000001", max_value="1000", places=8)
QUANTITIES = st.fractions(min_value=0, max_value=10**6, max_denominator=3600)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(XIAMEN))


@st.composite
def tariffs(draw):
    """A price list with up to three cheaper tiers."""
    prices = sorted(draw(st.sets(PRICES, min_size=1, max_size=4)), reverse=True)
    above = st.decimals(min_value="0.01", max_value="100000", places=2)
    thresholds = sorted(draw(st.sets(above, min_size=len(prices) - 1, max_size=len(prices) - 1)))
    return Tariff(Unit.CARD_HOUR, prices[0], tuple(zip(thresholds, prices[1:], strict=True)))


@st.composite
def packaged(draw):
    """A price list by the package, with up to two cheaper tiers that begin with one."""
    package = draw(st.integers(1, 5000))
    prices = sorted(draw(st.sets(PRICES, min_size=1, max_size=3)), reverse=True)
    begun = st.sets(st.integers(1, 200), min_size=len(prices) - 1, max_size=len(prices) - 1)
    thresholds = [Decimal(package * n) for n in sorted(draw(begun))]
    tiers = tuple(zip(thresholds, prices[1:], strict=True))
    return Tariff(Unit.CARD_HOUR, prices[0], tiers, package=package)


PACKAGED = Tariff(Unit.CARD_HOUR, Decimal(8), ((Decimal(200), Decimal(7)),), package=100)
TIERED = Tariff(
    Unit.CARD_HOUR,
    Decimal("14.70"),
    ((Decimal(100), Decimal("13.50")), (Decimal(1000), Decimal("12"))),
)


@pytest.mark.parametrize(
    ("price", "cards", "seconds", "fen"),
    [
        ("8.60", 8, 3600, 6880),
        ("8.60", 8, 1, 2),
        ("1.00", 1, 18, 1),
        ("1.00", 1, 17, 0),
        ("23.52", 8, 72, 376),
        ("0", 8, 3600, 0),
    ],
)
def test_a_rate_is_exact_and_rounds_half_up(price, cards, seconds, fen):
    assert Tariff(Unit.CARD_HOUR, Decimal(price)).rate(card_hours(cards, seconds)) == fen


@pytest.mark.parametrize(
    ("hours", "fen"),
    [("0", 0), ("100", 147_000), ("101", 148_350), ("1000", 1_362_000), ("1500", 1_962_000)],
)
def test_a_tier_prices_only_what_lies_above_its_threshold(hours, fen):
    assert TIERED.rate(Fraction(hours)) == fen


def test_the_formula_names_each_tier_that_is_reached():
    assert TIERED.parts(Fraction(150)) == [(100, Decimal("14.70")), (50, Decimal("13.50"))]


@pytest.mark.parametrize(
    ("hours", "fen"),
    [
        ("0", 0),
        ("1/3600", 80_000),
        ("100", 80_000),
        ("360001/3600", 160_000),
        ("200", 160_000),
        ("201", 230_000),
    ],
)
def test_a_package_is_paid_for_once_it_is_begun(hours, fen):
    assert PACKAGED.rate(Fraction(hours)) == fen


def test_the_formula_names_whole_packages():
    assert PACKAGED.parts(Fraction(150)) == [(200, Decimal(8))]


@given(packaged(), QUANTITIES)
def test_never_less_is_paid_than_what_the_packages_begun_hold(tariff, quantity):
    begun = -(-quantity // tariff.package)

    assert tariff.counted(quantity) == begun * tariff.package
    assert tariff.rate(quantity) == replace(tariff, package=None).rate(Fraction(begun * tariff.package))


@given(st.one_of(tariffs(), packaged()), QUANTITIES, QUANTITIES)
def test_more_never_costs_less(tariff, some, more):
    assert tariff.rate(some) <= tariff.rate(some + more)


@given(st.one_of(tariffs(), packaged()), st.lists(QUANTITIES, min_size=1, max_size=8))
def test_the_lines_of_a_use_sum_to_the_rating_of_the_whole(tariff, parts):
    before, lines = Fraction(0), []
    for part in parts:
        lines.append(tariff.rate(before + part) - tariff.rate(before))
        before += part

    assert sum(lines) == tariff.rate(sum(parts))
    assert min(lines) >= 0


@given(tariffs(), QUANTITIES)
def test_tiers_never_cost_more_than_the_first_price(tariff, quantity):
    assert tariff.rate(quantity) <= Tariff(tariff.unit, tariff.price).rate(quantity)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"price": 8.6}, TypeError),
        ({"price": Decimal(-1)}, ValueError),
        ({"tiers": ((Decimal(0), Decimal(5)),)}, ValueError),
        ({"tiers": ((Decimal(10), Decimal(9)),)}, ValueError),
        ({"tiers": ((Decimal(10), Decimal(5)), (Decimal(10), Decimal(4)))}, ValueError),
        ({"tiers": ((Decimal(10), 5.0),)}, TypeError),
        ({"package": 0}, ValueError),
        ({"package": 100, "tiers": ((Decimal(150), Decimal(5)),)}, ValueError),
        ({"term": 12}, ValueError),
        ({"early_price": Decimal(9)}, ValueError),
        ({"term": 12, "early_price": Decimal(7)}, ValueError),
    ],
)
def test_a_list_that_cannot_be_is_refused(wrong, error):
    with pytest.raises(error):
        Tariff(**{"unit": Unit.CARD_MONTH, "price": Decimal(8)} | wrong)


def test_negative_use_is_refused():
    with pytest.raises(ValueError, match="negative"):
        TIERED.rate(Fraction(-1))
    with pytest.raises(ValueError, match="negative"):
        card_hours(8, -1)


# --- calendars -------------------------------------------------------------------------------------------
def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=XIAMEN)


@pytest.mark.parametrize(
    ("unit", "since", "until", "units"),
    [
        ("card_hour", "2026-02-01 00:00", "2026-02-01 01:30", "3/2"),
        ("card_day", "2026-02-28 12:00", "2026-03-01 00:00", "1/2"),
        ("card_month", "2026-02-01 00:00", "2026-02-08 00:00", "1/4"),
        ("card_month", "2024-02-01 00:00", "2024-02-08 00:00", "7/29"),
        ("card_month", "2026-01-15 09:00", "2026-02-15 09:00", "1"),
        ("card_month", "2026-01-31 00:00", "2026-02-28 00:00", "1"),
        ("card_month", "2026-01-31 00:00", "2026-03-31 00:00", "2"),
        ("node_month", "2026-11-30 00:00", "2027-02-28 00:00", "3"),
    ],
)
def test_a_month_is_counted_on_the_calendar(unit, since, until, units):
    assert elapsed(Unit(unit), at(since), at(until)) == Fraction(units)


@given(st.sampled_from(["card_day", "card_month"]), MOMENTS, st.integers(0, 36))
def test_so_many_periods_are_over_exactly_then(unit, since, periods):
    assert elapsed(Unit(unit), since, after(Unit(unit), since, periods)) == periods


@given(MOMENTS, st.lists(st.integers(0, 90 * 86400), min_size=1, max_size=6), PRICES)
def test_the_parts_of_a_month_sum_to_the_month(since, gaps, price):
    tariff = Tariff(Unit.CARD_MONTH, price)
    end = after(Unit.CARD_MONTH, since, 3)
    cuts = sorted(
        {
            since,
            end,
            *(since + timedelta(seconds=gap) for gap in gaps if since + timedelta(seconds=gap) < end),
        }
    )

    rated = [tariff.rate(elapsed(Unit.CARD_MONTH, since, cut)) for cut in cuts]

    assert all(before <= later for before, later in zip(rated, rated[1:], strict=False))
    assert rated[-1] - rated[0] == tariff.rate(Fraction(3))


# --- commitments -----------------------------------------------------------------------------------------
def test_leaving_early_pays_for_packages_begun_and_never_more_than_the_term():
    quarters = Tariff(Unit.CARD_MONTH, Decimal(100), term=12, early_price=Decimal(150), package=3)

    assert [quarters.rate_ended(Fraction(used), 1) for used in (0, 1, 3, 4, 9)] == [
        0,
        45_000,
        45_000,
        90_000,
        120_000,
    ]


YEAR = Tariff(Unit.CARD_MONTH, Decimal(7500), term=12, early_price=Decimal(9000))


@pytest.mark.parametrize(
    ("months", "fen"),
    [
        ("0", 0),
        ("1/2", 900_000),
        ("6", 10_800_000),
        ("10", 18_000_000),
        ("11", 18_000_000),
        ("13", 19_500_000),
    ],
)
def test_leaving_early_costs_the_dearer_price_and_never_more_than_the_term(months, fen):
    assert YEAR.rate_ended(2 * Fraction(months), 2) == fen


@given(st.fractions(min_value=0, max_value=24, max_denominator=2_678_400), st.integers(1, 64))
def test_leaving_early_never_costs_less_than_what_was_billed_nor_more_than_was_held(months, count):
    quantity = months * count

    owed = YEAR.rate_ended(quantity, count)

    assert YEAR.rate(quantity) <= owed <= YEAR.rate(max(quantity, Fraction(12 * count)))
