"""Every sentence has its English, and every place in it is filled."""

import re

from babel.messages.pofile import read_po

from config.translations import ROOT, sentences

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
