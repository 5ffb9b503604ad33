"""How a page looks: one list of colours, one sprite, one glossary, and components that say what they mean."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from portal.shell import bundles, errors, gallery, glossary
from portal.shell.charts import Chart, Series, ceiling
from tests import city as town

ROOT = Path(settings.BASE_DIR)
FLOORS = ("portal", "federation", "scheduler", "marketplace", "subsidies", "maas", "ops")
TEMPLATES = [path for floor in FLOORS for path in (ROOT / floor).glob("templates/**/*.html")]
SHEETS = sorted((ROOT / "portal/static/shell/css").glob("*.css"))
SPRITE = (ROOT / "portal/static/shell/img/icons.svg").read_text("utf-8")


def drawn(source, **context):
    return Template("{% load shell %}" + source).render(Context(context)).strip()


@pytest.mark.parametrize("sheet", [s for s in SHEETS if s.name != "tokens.css"], ids=lambda s: s.name)
def test_only_the_tokens_name_a_colour(sheet):
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(", sheet.read_text("utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_a_template_has_no_style_no_inline_script_and_no_outside_address(path):
    text = path.read_text("utf-8")

    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|https?://", text) == []


def test_every_picture_that_is_asked_for_is_in_the_sprite():
    asked = set()
    for path in TEMPLATES:
        asked |= set(re.findall(r'{% icon "([a-z]+)"', path.read_text("utf-8")))
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            asked |= set(re.findall(r'icon="([a-z]+)"', path.read_text("utf-8")))
    asked |= {look.icon for look in glossary.LOOKS.values()}

    assert asked - set(re.findall(r'<symbol id="([a-z]+)"', SPRITE)) == set()


def test_every_status_of_every_model_has_its_look():
    words = {
        str(value)
        for model in apps.get_models()
        if model._meta.app_label in FLOORS
        for field in model._meta.fields
        if field.name in ("status", "state") and field.choices
        for value, _label in field.choices
    }

    assert words - set(glossary.LOOKS) == set()


def test_a_page_turns_to_its_phone_shape_later_when_letters_are_larger():
    names = bundles.KINDS["site"]

    normal, larger = bundles.join(names, 1.0), bundles.join(names, 1.5)

    assert "(max-width: 64rem)" in normal and "(max-width: 96rem)" in larger
    assert "(max-width: 64rem)" not in larger


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (123450, '<span class="money"><span class="money-sign">¥</span>1,234.50</span>'),
        (-5, '<span class="money is-negative">−<span class="money-sign">¥</span>0.05</span>'),
        (None, "—"),
    ],
)
def test_money_is_drawn_to_the_fen(fen, words):
    assert drawn("{% money fen %}", fen=fen) == words


@given(st.floats(min_value=0.001, max_value=1e12))
def test_an_axis_ends_above_the_highest_value_and_not_far_above(highest):
    top = ceiling(highest)

    assert highest <= top <= highest * 2.5 * 1.0001


@pytest.mark.parametrize("kind", ["bar", "stack", "rows", "line", "donut"])
def test_a_chart_is_a_table_of_the_same_numbers_and_a_drawing_without_styles(kind):
    chart = Chart("各区算力", ["思明区", "湖里区"], [Series("已售", [3, 5])], "P", kind, ["/a/", "/b/"])

    page = drawn("{% chart chart %}", chart=chart)

    assert re.findall(r'<a href="(/[ab]/)">(.*?)</a>', page) == [("/a/", "思明区"), ("/b/", "湖里区")]
    assert re.findall(r'<td class="number">(\d)</td>', page) == ["3", "5"]
    assert "style=" not in page


def test_a_chart_of_nothing_says_so():
    assert "暂无数据" in drawn("{% chart chart %}", chart=Chart("空", [], [Series("卡数", [])]))


def test_a_wrong_field_is_told_on_top_and_beside_the_field_in_the_same_words():
    page = str(
        gallery.SampleForm(
            {"name": "a", "cards": "0", "district": "siming", "billing": "wallet", "agreed": "on"}
        )
    )

    assert (
        re.search(r'<a href="#id_cards">\s*卡数：(.*?)</a>', page)[1].strip()
        in page.split("id_cards_error", 1)[1]
    )
    assert 'aria-invalid="true"' in page and 'aria-describedby="id_cards_helptext id_cards_error"' in page


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500])
def test_a_bad_moment_has_its_page_without_the_database(status):
    facts = {"retry_after": 30} if status == 429 else {}

    response = errors.page(RequestFactory().get("/x/"), status, **facts)

    assert response.status_code == status
    assert re.search(r"<h1>\s*\S+", response.content.decode())


def test_preferences_are_remembered_and_never_lead_away(client):
    kept = client.post("/preferences/", {"theme": "dark", "next": "/help/"})
    strange = client.post("/preferences/", {"theme": "pink", "next": "//elsewhere.example/"})

    assert (kept.cookies["theme"].value, kept["Location"]) == ("dark", "/help/")
    assert ("theme" in strange.cookies, strange["Location"]) == (False, "/")


@pytest.mark.parametrize("path", ["/", "/marketplace/", "/orders/"])
def test_a_page_stands_while_nobody_remembers(client, db, settings, path):
    client.force_login(town.found().bob)
    nobody = settings.CACHES["passing"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = settings.CACHES | {"passing": nobody}

    assert client.get(path).status_code == 200


def test_the_foot_names_the_site_as_the_register_does(client, db, settings):
    settings.CITY = settings.CITY | {"record_number": "闽ICP备00000001号", "site_code": "3502000001"}

    foot = client.get("/help/").content.decode().partition("<footer")[2]

    assert "闽ICP备00000001号" in foot and "网站标识码 3502000001" in foot
