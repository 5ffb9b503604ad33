"""The demonstration city: the seed's own figures, and loading twice changes nothing."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from config.demo import city as demo
from config.embedded.steps import ROOT
from federation.capacity.models import Accelerator, Pool
from marketplace.settlement import queries as books
from tests.city import NOON

OURS = ("portal_", "federation_", "scheduler_", "marketplace_", "subsidies_")


def rows() -> dict[str, int]:
    return {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}


def rows_of_ours() -> dict[str, int]:
    return {name: count for name, count in rows().items() if name.startswith(OURS)}


def test_loading_twice_changes_nothing(city):
    before = rows()

    demo.load(at=NOON + timedelta(days=3))

    assert rows() == before
    assert books.breaks() == []


def test_a_real_city_refuses_the_demonstration(db, settings):
    settings.CITY = settings.CITY | {"is_demo": False}

    with pytest.raises(CommandError, match="first_admin"):
        call_command("load_demo_city")

    assert set(rows_of_ours().values()) == {0}


def test_no_city_is_a_demonstration_by_itself():
    env = {name: value for name, value in os.environ.items() if name != "CITY_IS_DEMO"}
    ask = "from config.settings import CITY; print(CITY['is_demo'])"

    said = [
        subprocess.run(
            [sys.executable, "-c", ask], env=env | more, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        for more in ({}, {"CITY_IS_DEMO": "true"})
    ]

    assert said == ["False", "True"]


def test_the_city_has_what_its_plan_says(city):
    totals = Pool.objects.all().totals()

    assert (totals["p_total"], totals["p_sold"], totals["p_total"] - totals["p_sold"]) == (
        Decimal("1028.5"),
        Decimal("495"),
        Decimal("533.5"),
    )


def test_every_figure_of_a_card_names_its_source(city):
    assert Accelerator.objects.count() >= 12
    assert not Accelerator.objects.filter(source="").exists()


@pytest.mark.parametrize(("left", "slept"), [(7.5, [7.5]), (8.0, [])])
def test_a_code_about_to_change_is_waited_for(city, monkeypatch, capsys, left, slept):
    waited = []
    monkeypatch.setattr("config.management.commands.demo_code.seconds_left", lambda: left)
    monkeypatch.setattr("time.sleep", waited.append)

    call_command("demo_code", "finance")

    assert waited == slept
    assert re.fullmatch(r"\d{6}\n", capsys.readouterr().out)
