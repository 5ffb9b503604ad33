"""The market's shelf: what each filter would leave, and its pages."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.capacity.models import Pool
from marketplace.orders.queries import quote
from marketplace.storefront import shelf as shelves
from marketplace.storefront import views
from marketplace.storefront.queries import FLAGS, SORTS, Wishes, counts, offer_of, offers, sift
from marketplace.storefront.shelf import FACETS
from tests.city import NOON

EVERYTHING = Wishes(facets={}, flags=frozenset(), words="", memory=0, sort="price")


@pytest.fixture
def shelf(city):
    return offers(city.ludao, NOON)


def some(values):
    return st.frozensets(st.sampled_from(sorted(values)), max_size=2)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_count_is_what_choosing_it_would_leave(shelf, data):
    values = {facet.name: {v for offer in shelf for v in offer.traits[facet.name]} for facet in FACETS}
    wishes = Wishes(
        facets={name: data.draw(some(known)) for name, known in values.items()},
        flags=data.draw(some(FLAGS)),
        words=data.draw(st.sampled_from(["", "910", "思明 4090", "nothing such"])),
        memory=data.draw(st.sampled_from([0, 48, 80])),
        sort=data.draw(st.sampled_from(sorted(SORTS))),
    )

    said = counts(sift(shelf, wishes))

    for facet in FACETS:
        for value, _label, count in said[facet.name]:
            chosen = replace(wishes, facets=wishes.facets | {facet.name: frozenset([value])})
            assert count == len(sift(shelf, chosen).fits), (facet.name, value)
    for flag in FLAGS:
        assert said[flag][0][2] == len(sift(shelf, replace(wishes, flags=wishes.flags | {flag})).fits)


def test_every_order_of_the_shelf_holds_every_offer(shelf):
    assert {len(sift(shelf, replace(EVERYTHING, sort=sort)).fits) for sort in SORTS} == {len(shelf)}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cards=st.integers(1, 64), hours=st.decimals("0.01", "720", places=2))
def test_the_shelf_says_what_an_order_will_cost(city, cards, hours):
    for offer in offers(city.ludao, NOON, cards=cards, hours=hours):
        promised = quote(city.ludao, offer.plan, offer.amount, NOON, ways=())
        assert (offer.cash, offer.vouchers) == (promised.cash, promised.vouchers)


def test_vouchers_pay_on_the_shelf_of_whoever_has_some(shelf):
    assert all(offer.vouchers for offer in shelf)
    assert not any(offer.vouchers for offer in offers(None, NOON))


def shown(answer):
    return re.findall(r'<h2>\s*<a href="/marketplace/plans/([^/]+)/', answer.content.decode())


def test_the_shelf_comes_in_pages(city, client, monkeypatch, shelf):
    monkeypatch.setattr(views, "OFFERS_A_PAGE", 5)
    pages = [client.get(f"/marketplace/?page={number}") for number in range(1, -(-len(shelf) // 5) + 1)]

    seen = [code for page in pages for code in shown(page)]

    assert [len(shown(page)) for page in pages[:-1]] == [5] * (len(pages) - 1)
    assert sorted(seen) == sorted(offer.plan.code for offer in shelf)
    assert f"共 <strong>{len(shelf)}</strong> 个商品" in pages[0].content.decode()
    assert shown(client.get("/marketplace/?page=99")) == shown(pages[-1])


def test_another_order_or_filter_begins_at_the_first_page(city, client, monkeypatch):
    monkeypatch.setattr(views, "OFFERS_A_PAGE", 5)

    page = client.get("/marketplace/?q=a&page=2").content.decode()

    assert 'href="?q=a&amp;sort=free"' in page
    assert 'href="?"' in page


def test_the_shelf_is_kept_for_a_moment_and_one_offer_never(city, settings, monkeypatch):
    settings.FRESH_SECONDS = {"shelf": 60}
    monkeypatch.setattr(shelves, "_kept", {})
    first = offers(city.ludao, NOON)[0]
    Pool.objects.update(cards_observed=0)

    assert offers(city.ludao, NOON)[0].stock == first.stock
    assert first.stock.cards_free > offer_of(first.plan.code, city.ludao, NOON).stock.cards_free == 0
    settings.FRESH_SECONDS = {"shelf": 0}
    assert offers(city.ludao, NOON)[0].stock.cards_free == 0


def test_programs_read_the_shelf_in_pages(city, client, shelf):
    codes, pages, url = [], [], "/api/v1/plans/?limit=5&sort=free&fields=code,cards_free"
    while url:
        pages.append(client.get(url).json())
        codes += [offer["code"] for offer in pages[-1]["results"]]
        url = pages[-1]["next"]

    assert codes == [offer.plan.code for offer in sift(shelf, replace(EVERYTHING, sort="free")).fits]
    assert set(pages[0]["results"][0]) == {"code", "cards_free"} and pages[0]["previous"] is None
    assert client.get(pages[-1]["previous"]).json()["results"] == pages[-2]["results"]
    assert client.get("/api/v1/plans/?cursor=OTk5OTk5").status_code == 404
