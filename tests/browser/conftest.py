"""What the browser tests share."""

import os
import shutil
from pathlib import Path

import pytest

PICTURES = Path(__file__).resolve().parents[2] / "var" / "screenshots"


@pytest.fixture(scope="session", autouse=True)
def pictures():
    """A fresh folder; CI keeps it."""
    if os.environ.get("KEEP_PICTURES") != "1":
        shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES


@pytest.fixture
def snap(page, pictures):
    """Keep what a person would see now."""

    def take(name, *, full=False):
        # Hiding the caret would leave empty style attributes behind, which the content security policy reports.
        page.screenshot(path=str(pictures / f"{name}.png"), full_page=full, caret="initial")

    return take
