"""Whoever read something that has changed since does not write over it: every deed on what can be read by itself."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.house.deeds import DEEDS
from tests.house.test_audit_census import census, news_of, visit  # noqa: F401

DOCUMENT = json.loads((Path(__file__).resolve().parents[2] / "docs" / "openapi.json").read_text())


def on_something_read() -> set[str]:
    """The writes that stand directly under an address that can be read."""
    paths = DOCUMENT["paths"]
    return {
        path.removeprefix("/").replace("{code}", "<code>")
        for path, methods in paths.items()
        if "post" in methods and "get" in paths.get(f"{path.rsplit('/', 2)[0]}/", {}) and "{code}" in path
    }


TRIED = [deed for deed in DEEDS if deed.route in on_something_read()]


def test_every_such_write_is_tried():
    assert {deed.route for deed in TRIED} == on_something_read() != set()


@pytest.mark.parametrize("deed", TRIED, ids=str)
def test_a_write_over_what_has_changed_is_refused(visit, deed):  # noqa: F811
    late = replace(deed, headers={**deed.headers, "if-match": '"what I had read"'})

    names, answer = news_of(visit, late, deed.by)

    assert (names, answer.status_code, answer.json()["code"]) == ([], 412, "changed_meanwhile")


@pytest.mark.parametrize("deed", TRIED, ids=str)
def test_a_write_over_what_was_read_is_done(visit, deed):  # noqa: F811
    late = replace(deed, headers={**deed.headers, "if-match": "*"})

    assert news_of(visit, late, deed.by)[0] == sorted(deed.writes)
