"""The house's floors, rooms and kinds hold, and the contract that says so can say no."""

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.house.kinds_contract import KindsContract

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ["portal", "marketplace"]
KINDS = ["urls", "views | api", "forms : filters", "tasks", "actions", "queries", "models"]


def test_every_import_goes_down():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def objections(*imports):
    graph = grimp.ImportGraph()
    for importer, imported in imports:
        graph.add_module(importer)
        graph.add_module(imported)
        graph.add_import(importer=importer, imported=imported, line_number=1, line_contents="import")
    contract = KindsContract(
        name="kinds",
        session_options={},
        contract_options={
            "floors": FLOORS,
            "kinds": KINDS,
            "open_to_other_rooms": ["actions", "queries", "models"],
            "open_rooms": ["portal.shell"],
        },
    )
    return [
        why for _importer, _imported, why, _line in contract.check(graph, verbose=False).metadata["wrong"]
    ]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("marketplace.orders.models", "marketplace.orders.actions"),
        ("marketplace.orders.queries", "marketplace.orders.actions"),
        ("marketplace.orders.actions", "marketplace.orders.views"),
        ("marketplace.orders.actions", "marketplace.orders.tasks"),
        ("marketplace.orders.models", "marketplace.ledger.actions"),
        ("marketplace.orders.views", "marketplace.orders.api"),
        ("marketplace.billing.tasks", "marketplace.orders.tasks"),
        ("marketplace.orders.pricing", "portal.accounts.forms"),
    ],
)
def test_an_import_up_the_list_is_refused(importer, imported):
    assert len(objections((importer, imported))) == 1


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("marketplace.orders.views", "marketplace.orders.actions"),
        ("marketplace.orders.actions", "marketplace.ledger.actions"),
        ("marketplace.tasks", "marketplace.orders.tasks"),
        ("marketplace.orders.actions", "portal.shell.money"),
        ("marketplace.orders.views", "portal.shell.forms"),
        ("marketplace.orders.filters", "marketplace.orders.forms"),
        ("marketplace.management.commands.check_books", "marketplace.orders.tasks"),
    ],
)
def test_an_import_down_the_list_is_fine(importer, imported):
    assert objections((importer, imported)) == []
