"""What the product is made of: locked, listed, and under licences that a city can live with."""

import json
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from config.embedded.steps import ROOT

LOCK = ROOT / "requirements" / "base.txt"
LOCKED = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", LOCK.read_text(), re.M))
COPYLEFT = re.compile(r"\b(?:A?GPL|Affero|GNU General Public)", re.I)


def licence_of(name: str) -> str:
    """What a distribution says of its licence: the expression, else the classifiers, else the first line of the text."""
    about = distribution(name).metadata
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return (
        about.get("License-Expression")
        or "; ".join(classifiers)
        or (about.get("License") or "").split("\n")[0]
    )


@pytest.mark.parametrize("name", sorted(LOCKED))
def test_no_component_of_the_product_binds_the_city_to_its_own_licence(name):
    licence = licence_of(name)

    assert licence, f"{name} does not say its licence"
    assert not COPYLEFT.search(licence), f"{name}: {licence}"


def test_a_copyleft_licence_would_be_seen():
    names = (
        "AGPL-3.0-only",
        "GPL-2.0-or-later",
        "License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
    )
    others = (
        "LGPL with exceptions",
        "License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)",
        "MIT",
    )

    assert all(COPYLEFT.search(name) for name in names)
    assert not any(COPYLEFT.search(name) for name in others)


def test_the_bill_of_materials_names_every_locked_component_with_its_digest(tmp_path):
    target = tmp_path / "sbom.json"

    subprocess.run(
        [
            Path(sys.executable).with_name("cyclonedx-py"),
            "requirements",
            LOCK,
            "--output-reproducible",
            "-o",
            target,
        ],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )

    bill = json.loads(target.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert {part["name"]: part["version"] for part in bill["components"]} == LOCKED
    assert all(part["externalReferences"][0]["hashes"] for part in bill["components"])


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_every_component_is_locked_with_a_digest_and_no_address(lock):
    text = lock.read_text()
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:]

    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|--index-url|--extra-index|--find-links", text)
