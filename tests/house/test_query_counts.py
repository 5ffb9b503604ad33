"""Pages cost the same however many rows there are."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.orders import placing
from marketplace.orders.models import Order
from portal.accounts.permissions import reach_of
from portal.shell import entries
from portal.shell.columns import drawn
from portal.shell.screens import Listing, Taste
from portal.shell.tenancy import asking_for
from tests import city as town
from tests.browser.test_screens import screens
from tests.city import bill, place, run
from tests.entrance import BACKEND
from tests.furnished import fill_lists, furnish
from tests.house.test_deeds_by_role import VISITORS

MOST = 12
ROW = "{% load shell %}{% row_cells cells labels %}{% for action in actions %}{{ row }}{% endfor %}"


@pytest.fixture
def city(db):
    return town.found(at=timezone.now())


@pytest.fixture
def many(city):
    """Ten thousand orders more, as the database alone can write them."""
    order = place(city, at=timezone.now())
    fields = {f.attname: getattr(order, f.attname) for f in Order._meta.concrete_fields if f.attname != "id"}
    rows = []
    for number in range(10_000):
        rows.append(
            Order(
                **fields
                | {
                    "code": f"OD000000-{number:08d}",
                    "idempotency_key": f"many-{number}",
                    "placed_at": order.placed_at - timedelta(seconds=number),
                }
            )
        )
    Order.objects.bulk_create(rows, batch_size=2000)
    return order


def visit(user):
    town.know_the_incidents()
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("alice", "/"),
        ("alice", "/desk/"),
        ("alice", "/marketplace/"),
        ("alice", "/marketplace/?accelerator=h800&cards=8&hours=3"),
        ("alice", "/marketplace/plans/unicom-h800/"),
        ("alice", "/marketplace/plans/unicom-h800/order/"),
        ("alice", "/orders/"),
        ("alice", "/wallet/"),
        ("alice", "/bills/"),
        ("alice", "/bills/lines/"),
        ("alice", "/budgets/"),
        ("alice", "/costs/"),
        ("alice", "/approvals/"),
        ("alice", "/notices/"),
        ("alice", "/vouchers/"),
        ("officer", "/subsidies/programmes/"),
        ("officer", "/subsidies/programmes/PG-CITY-2026/"),
        ("officer", "/cockpit/"),
        ("finance", "/statements/"),
        ("finance", "/receipts/"),
        ("finance", "/bank/"),
        ("auditor", "/clusters/"),
        ("auditor", "/audit/"),
    ],
)
def test_a_page_of_the_road_takes_at_most_twelve_queries(city, django_assert_max_num_queries, who, path):
    order = place(city, at=timezone.now())
    run(order, seconds=60, at=timezone.now())
    bill(order, at=timezone.now())
    client = visit(getattr(city, who))

    with django_assert_max_num_queries(MOST):
        assert client.get(path).status_code == 200


def test_an_order_page_takes_at_most_twelve_queries(city, django_assert_max_num_queries):
    order = place(city, at=timezone.now())
    client = visit(city.alice)

    with django_assert_max_num_queries(MOST):
        assert client.get(f"/orders/{order.code}/").status_code == 200


@pytest.mark.parametrize("path", ["/orders/", "/orders/?status=confirmed", "/desk/", "/api/v1/orders/"])
def test_lists_keep_their_count_with_ten_thousand_orders(city, many, django_assert_max_num_queries, path):
    client = visit(city.alice)

    with django_assert_max_num_queries(MOST):
        assert client.get(path).status_code == 200


def test_placing_an_order_asks_twenty_six_questions_at_most(city):
    place(city, key="first", cards=1, at=timezone.now())  # opens the firm's accounts
    wanted = town.request(city.lab, cards=1)

    with CaptureQueriesContext(connection) as seen:
        placing.place(
            organization=city.ludao, request=wanted, idempotency_key="k", by=city.bob, at=timezone.now()
        )

    asked = [q["sql"] for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) <= 26, "\n".join(sql[:130] for sql in asked)


def test_no_page_at_all_asks_more(db):
    city, codes = furnish(at=timezone.now())
    asked = {}
    for name, path, people in screens(codes):
        client = Client() if people[0] == "anonymous" else visit(getattr(city, people[0]))
        # What is remembered for half a minute is asked for by whoever comes first.
        client.get(path)
        town.know_the_incidents()
        with CaptureQueriesContext(connection) as seen:
            client.get(path)
        asked[name] = len([q for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    assert {name: count for name, count in asked.items() if count > MOST} == {}


def test_rows_of_a_list_are_drawn_and_written_from_what_was_read(db):
    """Every column shown, every action offered: however many rows, the database is asked once for all."""
    city, _codes = furnish(at=timezone.now())
    fill_lists(city, at=timezone.now())
    template, request, seen_lists, asked = Template(ROW), RequestFactory().get("/"), set(), {}
    for screen in entries.screens().values():
        every = Taste(columns=frozenset(column.key for column in screen.columns))
        for user in (getattr(city, name) for name in VISITORS):
            request.user = user
            listing = Listing(screen.asked(user, QueryDict()), every)
            with asking_for(reach_of(user)):
                rows = list(screen.prepare(listing.page))
                with CaptureQueriesContext(connection) as more:
                    for row, cells in zip(rows, drawn(rows, screen.columns, listing.columns), strict=True):
                        actions = [a for a in screen.row_actions if a.when(row, user)]
                        words = {"row": row, "cells": cells, "labels": listing.labels, "actions": actions}
                        template.render(Context(words | {"user": user, "request": request}))
                        assert len([fact.typed(row) for fact in screen.facts]) == len(listing.asked.heads)
            if rows:
                seen_lists.add(screen.code)
            if more:
                asked[screen.code] = [q["sql"][-200:] for q in more]

    assert asked == {}
    assert sorted(set(entries.screens()) - seen_lists) == []
