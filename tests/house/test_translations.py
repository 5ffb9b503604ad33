"""Every sentence has its English, and every place in it is filled."""

import html
import re

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.translations import ROOT, sentences
from tests.browser.test_screens import screens
from tests.entrance import BACKEND
from tests.furnished import furnish

PLACES = re.compile(r"%\(\w+\)[sd]|{\w+}")


def english():
    with (ROOT / "locale/en/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="en")


def _pairs(message):
    if isinstance(message.id, tuple):
        return [(message.id[0], text) for text in message.string]
    return [(message.id, message.string)]


def test_every_sentence_is_translated():
    known = english()
    missing = []
    for message in sentences():
        if message.id:
            found = known.get(message.id, message.context)
            if found is None or found.fuzzy or not all(text for _source, text in _pairs(found)):
                missing.append(message.id)

    assert missing == []


def test_every_translation_fills_the_same_places():
    broken = [
        (source, text)
        for message in english()
        if message.id
        for source, text in _pairs(message)
        if sorted(set(PLACES.findall(source))) != sorted(set(PLACES.findall(text)))
    ]

    assert broken == []


HAN = re.compile(r"[\u3400-\u9fff]+")
UNSEEN = re.compile(r"<(script|style)\b.*?</\1>|<(\w+)[^>]*\blang=\"zh-hans\"[^>]*>.*?</\2>|<[^>]+>", re.S)


def everything_kept() -> str:
    """All the text of the database, and the city's own names: what people wrote is not ours to translate."""
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if "event" not in name]
        each = " UNION ALL ".join(
            f"SELECT string_agg(row_to_json(t)::text, '') AS said FROM \"{n}\" t" for n in names
        )
        cursor.execute(f"SELECT string_agg(said, '') FROM ({each}) a")
        return cursor.fetchone()[0] + str(settings.CITY) + str(settings.BANK_ACCOUNT)


@pytest.mark.django_db
def test_an_english_page_says_nothing_in_chinese():
    city, codes = furnish(at=timezone.now())
    kept = everything_kept()
    spoken = {}
    for name, path, people in screens(codes):
        client = Client(headers={"accept-language": "en"})
        if people[0] != "anonymous":
            client.force_login(getattr(city, people[0]), BACKEND)
        text = html.unescape(UNSEEN.sub("\n", client.get(path).content.decode()))
        said = set(HAN.findall(text))
        spoken[name] = sorted(run for run in said if run not in kept)

    assert {name: runs for name, runs in spoken.items() if runs} == {}
