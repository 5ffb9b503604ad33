"""The calculator: precedence, ceilings, and never more than there is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.funding.protocol import Purchase
from subsidies.policies.calculator import BadRules, Rules, VoucherFacts, deductions

SOON = datetime(2026, 12, 1, tzinfo=UTC)
DISTRICT = Rules(
    "区", level="district", district="siming", rate=Decimal("0.10"), rate_ceiling=Decimal("0.10")
)
CITY = Rules("市", level="city", rate=Decimal("0.30"), rate_ceiling=Decimal("0.50"), base="residual")


def voucher(code, rules, remaining=10**9, *, programme=None, expires_at=SOON):
    return VoucherFacts(code, programme or rules.clause, rules, remaining, expires_at)


def facts(amount=100_000, **more):
    known = {
        "buyer_district": "siming",
        "compute_districts": frozenset({"huli"}),
        "is_domestic": False,
        "is_self_supply": False,
    }
    return Purchase(amount=amount, **(known | more))


def paid(found):
    return [(d.voucher.code, d.amount) for d in found]


def test_the_district_pays_first_and_the_city_of_the_rest():
    found = deductions(facts(), [voucher("C", CITY), voucher("D", DISTRICT)])

    assert paid(found) == [("D", 10_000), ("C", 27_000)]


def test_a_district_pays_for_its_own_firms_or_its_own_compute():
    by_buyer = facts(buyer_district="siming")
    by_compute = facts(buyer_district="", compute_districts=frozenset({"siming"}))
    by_neither = facts(buyer_district="huli")
    by_half = facts(buyer_district="huli", compute_districts=frozenset({"siming", "huli"}))

    amounts = [
        sum(d.amount for d in deductions(f, [voucher("D", DISTRICT)]))
        for f in (by_buyer, by_compute, by_neither, by_half)
    ]
    assert amounts == [10_000, 10_000, 0, 0]


def test_the_earlier_expiry_is_spent_first_within_one_allowance():
    early = voucher("E", CITY, 5_000, expires_at=SOON)
    late = voucher("L", CITY, expires_at=SOON + timedelta(days=9))

    found = deductions(facts(), [late, early])

    assert paid(found) == [("E", 5_000), ("L", 25_000)]


def test_domestic_accelerators_may_have_a_rate_of_their_own():
    rules = Rules(
        "市", level="city", rate=Decimal("0.30"), domestic_rate=Decimal("0.40"), rate_ceiling=Decimal("0.50")
    )

    assert paid(deductions(facts(is_domestic=True), [voucher("C", rules)])) == [("C", 40_000)]


def test_below_the_minimum_nothing_is_paid():
    rules = Rules(
        "市", level="city", rate=Decimal("0.30"), rate_ceiling=Decimal("0.30"), minimum_amount=100_001
    )

    assert deductions(facts(), [voucher("C", rules)]) == []


def test_one_order_is_capped():
    rules = Rules("市", level="city", rate=Decimal("0.30"), rate_ceiling=Decimal("0.30"), order_cap=1_000)

    assert paid(deductions(facts(), [voucher("C", rules)])) == [("C", 1_000)]


def test_buying_from_oneself_is_not_covered():
    assert deductions(facts(is_self_supply=True), [voucher("C", CITY)]) == []


def test_every_deduction_says_which_clause_and_which_numbers():
    step = deductions(facts(), [voucher("C", CITY)])[0].steps[0]

    assert step == {
        "clause": "市",
        "code": "rate",
        "values": {"base": 100_000, "rate": "0.30", "amount": 30_000},
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rate": Decimal("0.6")}, "rate"),
        ({"rate": Decimal("0")}, "rate"),
        ({"rate_ceiling": Decimal("1.1")}, "rate_ceiling"),
        ({"level": "province"}, "level"),
        ({"level": "district"}, "district"),
        ({"order_cap": 0}, "order_cap"),
        ({"minimum_amount": -1}, "minimum_amount"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(change, field):
    with pytest.raises(BadRules) as refusal:
        Rules(
            **(
                {"clause": "市", "level": "city", "rate": Decimal("0.3"), "rate_ceiling": Decimal("0.5")}
                | change
            )
        )

    assert field in refusal.value.problems


RATES = st.decimals(min_value="0.01", max_value="1", places=2)


@st.composite
def vouchers(draw):
    programmes = draw(
        st.lists(st.tuples(RATES, st.sampled_from(["gross", "residual"])), min_size=1, max_size=3)
    )
    found = []
    for number, (rate, base) in enumerate(programmes):
        rules = Rules(f"P{number}", level="city", rate=rate, rate_ceiling=Decimal(1), base=base)
        for n, remaining in enumerate(draw(st.lists(st.integers(0, 10**7), max_size=3))):
            found.append(voucher(f"{number}-{n}", rules, remaining))
    return found


@given(st.integers(0, 10**8), vouchers())
def test_never_more_than_the_amount_the_voucher_or_the_rate(amount, held):
    found = deductions(facts(amount), held)

    assert sum(d.amount for d in found) <= amount
    assert all(0 < d.amount <= d.voucher.remaining for d in found)
    for programme in {d.voucher.programme for d in found}:
        mine = [d for d in found if d.voucher.programme == programme]
        assert sum(d.amount for d in mine) <= amount * mine[0].voucher.rules.rate


@given(st.integers(0, 10**8), vouchers(), st.randoms())
def test_the_order_in_which_vouchers_are_offered_does_not_matter(amount, held, chance):
    shuffled = list(held)
    chance.shuffle(shuffled)

    assert deductions(facts(amount), held) == deductions(facts(amount), shuffled)
