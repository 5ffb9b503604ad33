"""Issuing within window, cap and pool; expiry gives back."""

from datetime import timedelta

import pytest

from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.settlement import queries as books
from portal.organizations.models import Organization
from subsidies.budgets.models import Programme
from subsidies.vouchers import actions as vouchers
from subsidies.vouchers.models import Voucher
from tests.city import NOON, bill, place, run


@pytest.fixture
def programme(city):
    return Programme.objects.get(code="PG-SIMING-2026")


def issue(programme, organization, amount=1000, key="i1", **more):
    known = {"expires_at": NOON + timedelta(days=30), "by": None, "at": NOON}
    return vouchers.issue(
        programme_id=programme.id,
        organization=organization,
        amount=amount,
        idempotency_key=key,
        **(known | more),
    )


def test_a_voucher_comes_out_of_the_pool(city, programme):
    pool = balance(Kind.POOL, programme.code)

    voucher = issue(programme, city.ludao)

    assert balance(Kind.POOL, programme.code) == pool - 1000
    assert balance(Kind.VOUCHER, voucher.code) == 1000


def test_the_same_key_issues_once(city, programme):
    first = issue(programme, city.ludao)
    pool = balance(Kind.POOL, programme.code)

    assert issue(programme, city.ludao) == first
    assert balance(Kind.POOL, programme.code) == pool


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 0}, "amount_not_positive"),
        ({"amount": -5}, "amount_not_positive"),
        ({"amount": 25_000_000}, "enterprise_cap"),
        ({"expires_at": NOON}, "expiry_out_of_range"),
        ({"expires_at": NOON + timedelta(days=3650)}, "expiry_out_of_range"),
        ({"at": NOON + timedelta(days=3650)}, "programme_not_open"),
    ],
)
def test_a_refused_voucher_moves_nothing(city, programme, change, code):
    pool, count = balance(Kind.POOL, programme.code), Voucher.objects.count()

    with pytest.raises(vouchers.CannotIssue) as refusal:
        issue(programme, city.ludao, **change)

    assert refusal.value.code == code
    assert (balance(Kind.POOL, programme.code), Voucher.objects.count()) == (pool, count)


def test_only_enterprises_get_vouchers(city, programme):
    with pytest.raises(vouchers.CannotIssue):
        issue(programme, Organization.objects.get(code="PR-UNICOM"))


def test_what_an_expired_voucher_did_not_spend_goes_back(city, programme):
    voucher = issue(programme, city.ludao)
    pool = balance(Kind.POOL, programme.code)

    vouchers.expire(voucher_id=voucher.id, at=voucher.expires_at)
    vouchers.expire(voucher_id=voucher.id, at=voucher.expires_at)

    assert balance(Kind.POOL, programme.code) == pool + 1000
    assert balance(Kind.VOUCHER, voucher.code) == 0
    assert books.breaks() == []


def test_a_voucher_that_expires_while_its_order_runs_is_redeemed_and_the_rest_goes_to_the_pool(
    city, programme
):
    voucher = issue(programme, city.ludao, amount=100_000, expires_at=NOON + timedelta(minutes=5))
    order = place(city, vouchers=frozenset({voucher.code}))
    pool = balance(Kind.POOL, programme.code)

    vouchers.expire(voucher_id=voucher.id, at=voucher.expires_at)
    run(order, seconds=1800)
    bill(order)

    assert balance(Kind.VOUCHER_REDEEMED, voucher.code) == 940
    assert balance(Kind.VOUCHER, voucher.code) == 0
    assert balance(Kind.POOL, programme.code) == pool + 100_000 - 940
    assert books.breaks() == []


def test_the_citys_officer_gives_nothing_out_of_a_districts_purse(city, client, programme):
    client.force_login(city.officer)
    wishes = {
        "organization": city.ludao.id,
        "amount": "100.00",
        "expires_on": "2026-12-31",
        "idempotency_key": "theirs",
    }

    page = client.get(f"/subsidies/programmes/{programme.code}/")
    answer = client.post(f"/subsidies/programmes/{programme.code}/", wishes)

    assert page.context["form"] is None
    assert answer.status_code == 403
    assert programme.payer.name in answer.content.decode()
    assert not Voucher.objects.filter(idempotency_key="theirs").exists()
