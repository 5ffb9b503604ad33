"""The wall: every centre's numbers, when they were true, and the list behind each."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from portal.accounts.permissions import can
from portal.cockpit import queries
from portal.shell import entries
from tests import city as town
from tests.city import NOON, bill, place, run
from tests.entrance import BACKEND


@pytest.fixture
def city(db):
    return town.found()


def seen_by(user, at):
    return queries.board(queries.panels_of(user), at)


def panel(shown, code):
    return next(s for s in shown if s.panel.code == code)


def values(shown, code):
    return [figure.value for figure in panel(shown, code).reading.content]


def test_the_supply_is_the_citys_own_figures(city):
    shown = seen_by(city.operator, NOON)

    assert values(shown, "supply") == ["1,028.5", "3,400", "495.0", "533.5", "48.1"]


def test_districts_and_accelerators_add_up_to_the_whole(city):
    shown = seen_by(city.operator, NOON)
    whole = sum((pool.p_total for pool in Pool.objects.select_related("accelerator")), Decimal(0))

    assert sum(place.amount for place in panel(shown, "districts").reading.content) == whole
    chart = panel(shown, "accelerators").reading.content
    assert sum(sum(series.values) for series in chart.series) == pytest.approx(whole, abs=Decimal(2))


def test_an_order_and_its_voucher_show_once_they_are_billed(city):
    order = place(city)
    run(order, seconds=3600)
    bill(order)

    shown = seen_by(city.operator, NOON + timedelta(hours=2))

    order.refresh_from_db()
    assert values(shown, "orders") == ["1", f"{Decimal(order.billed_amount) / 100:,.2f}"]
    redeemed = Decimal(sum(line.voucher for line in order.lines.all())) / 1_000_000
    assert values(shown, "vouchers")[1] == f"{redeemed:,.2f}"


def test_every_number_opens_a_list_that_opens(city):
    client = Client()
    client.force_login(city.operator, backend=BACKEND)
    shown = seen_by(city.operator, NOON)
    urls = {f.url for s in shown if s.panel.kind == "figures" for f in s.reading.content}
    urls |= {place.url for s in shown if s.panel.kind in ("map", "list") for place in s.reading.content}
    urls |= {url for s in shown if s.panel.kind == "chart" for url in s.reading.content.urls}

    assert "" not in urls
    assert {client.get(url).status_code for url in urls} == {200}


@pytest.mark.parametrize(("minutes", "is_stale"), [(10, False), (11, True)])
def test_old_numbers_are_marked(city, minutes, is_stale):
    shown = seen_by(city.operator, NOON + timedelta(minutes=minutes))

    assert panel(shown, "supply").is_stale is is_stale
    assert not panel(shown, "orders").is_stale


def test_without_a_cluster_online_there_is_no_data_time(city):
    Cluster.objects.update(state=Cluster.State.OFFLINE)

    shown = seen_by(city.operator, NOON)

    assert panel(shown, "supply").reading.at is None
    assert panel(shown, "supply").is_stale


@pytest.mark.parametrize("who", ["officer", "auditor", "operator"])
def test_a_panel_is_shown_only_to_those_whose_list_would_open(city, who):
    user = getattr(city, who)

    shown = {s.panel.code for s in seen_by(user, NOON)}

    assert shown == {panel.code for panel in entries.panels() if can(user, panel.action)}


def test_a_buyer_has_no_wall(city):
    buyer = Client()
    buyer.force_login(city.alice, backend=BACKEND)

    assert buyer.get("/cockpit/").status_code == 403


def test_the_minutes_refresh_is_only_the_panels(city):
    client = Client()
    client.force_login(city.operator, backend=BACKEND)
    Pool.objects.update(observed_at=timezone.now())

    page = client.get("/cockpit/").content.decode()
    part = client.get("/cockpit/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" in page and "<html" not in part
    assert part.lstrip().startswith('<div class="wall-panels"') and "1,028.5" in part


def test_the_wall_is_drawn_once_for_all_who_read_it_in_one_language(
    city, settings, django_assert_max_num_queries
):
    settings.FRESH_SECONDS = {"wall": 60}
    caches["passing"].clear()
    walls = {}
    for who, language in [("operator", "zh-hans"), ("operator", "en"), ("officer", "zh-hans")]:
        client = Client(headers={"Accept-Language": language, "HX-Request": "true"})
        client.force_login(getattr(city, who), backend=BACKEND)
        walls[who, language] = client.get("/cockpit/").content.decode()
        Cluster.objects.update(state=Cluster.State.OFFLINE)
        with django_assert_max_num_queries(5):
            assert client.get("/cockpit/").content.decode() == walls[who, language]

    assert "1,028.5" in walls["operator", "zh-hans"] and "总算力" not in walls["operator", "en"]
    same = [p.code for p in queries.panels_of(city.operator)] == [
        p.code for p in queries.panels_of(city.officer)
    ]
    assert (walls["operator", "zh-hans"] == walls["officer", "zh-hans"]) is same
