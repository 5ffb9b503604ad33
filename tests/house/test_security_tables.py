"""The tables of docs/security: nothing is missing, every verdict is one of three, and every piece of evidence exists."""

import ast
import re
from functools import cache

import pytest

from config.embedded.steps import ROOT

FOLDER = ROOT / "docs" / "security"
VERDICTS = {"met", "not met", "not applicable"}
# OWASP ASVS 5.0.0: the numbers of levels 1 and 2, section by section.
LEVELS = {
    "L1": """
        1.2: 1 2 3 4 5 | 1.3: 1 2 | 1.5: 1 | 2.1: 1 | 2.2: 1 2 | 2.3: 1 | 3.2: 1 2 | 3.3: 1 | 3.4: 1 2 | 3.5: 1 2 3
        | 4.1: 1 | 4.4: 1 | 5.2: 1 2 | 5.3: 1 2 | 6.1: 1 | 6.2: 1 2 3 4 5 6 7 8 | 6.3: 1 2 | 6.4: 1 2 | 7.2: 1 2 3 4
        | 7.4: 1 2 | 8.1: 1 | 8.2: 1 2 | 8.3: 1 | 9.1: 1 2 3 | 9.2: 1 | 10.4: 1 2 3 4 5 | 11.3: 1 2 | 11.4: 1
        | 12.1: 1 | 12.2: 1 2 | 13.4: 1 | 14.2: 1 | 14.3: 1 | 15.1: 1 | 15.2: 1 | 15.3: 1
    """,
    "L2": """
        1.1: 1 2 | 1.2: 6 7 8 9 | 1.3: 3 4 5 6 7 8 9 10 11 | 1.4: 1 2 3 | 1.5: 2 | 2.1: 2 3 | 2.2: 3 | 2.3: 2 3 4 | 2.4: 1
        | 3.3: 2 3 4 | 3.4: 3 4 5 6 | 3.5: 4 5 | 3.7: 1 2 | 4.1: 2 3 | 4.2: 1 | 4.3: 1 2 | 4.4: 2 3 4 | 5.1: 1 | 5.2: 3
        | 5.4: 1 2 3 | 6.1: 2 3 | 6.2: 9 10 11 12 | 6.3: 3 4 | 6.4: 3 4 | 6.5: 1 2 3 4 5 | 6.6: 1 2 3 | 6.8: 1 2 3 4
        | 7.1: 1 2 3 | 7.3: 1 2 | 7.4: 3 4 5 | 7.5: 1 2 | 7.6: 1 2 | 8.1: 2 | 8.2: 3 | 8.4: 1 | 9.2: 2 3 4 | 10.1: 1 2
        | 10.2: 1 2 | 10.3: 1 2 3 4 | 10.4: 6 7 8 9 10 11 | 10.5: 1 2 3 4 5 | 10.6: 1 2 | 10.7: 1 2 3 | 11.1: 1 2
        | 11.2: 1 2 3 | 11.3: 3 | 11.4: 2 3 4 | 11.5: 1 | 11.6: 1 | 12.1: 2 3 | 12.3: 1 2 3 4 | 13.1: 1 | 13.2: 1 2 3 4 5
        | 13.3: 1 2 | 13.4: 2 3 4 5 | 14.1: 1 2 | 14.2: 2 3 4 | 14.3: 2 3 | 15.1: 2 3 | 15.2: 2 3 | 15.3: 2 3 4 5 6 7
        | 16.1: 1 | 16.2: 1 2 3 4 5 | 16.3: 1 2 3 4 | 16.4: 1 2 3 | 16.5: 1 2 3 | 17.1: 1 | 17.2: 1 2 3 4 | 17.3: 1 2
    """,
}
ASVS = {
    f"{section.strip()}.{number}": level
    for level, text in LEVELS.items()
    for section, numbers in (part.split(":") for part in text.split("|"))
    for number in numbers.split()
}
DJBH = """
    8.1.4.1 a b c d | 8.1.4.2 a b c d e f g | 8.1.4.3 a b c d | 8.1.4.4 a b c d e f | 8.1.4.5 | 8.1.4.6 | 8.1.4.7 a b
    | 8.1.4.8 a b | 8.1.4.9 a b c | 8.1.4.10 a b | 8.1.4.11 a b | 8.1.5.1 a b | 8.1.5.2 a b | 8.1.5.3 a b
    | 8.1.5.4 a b c d e f | 8.2.2 | 8.2.3 | 8.2.4.1 | 8.2.4.2 a b | 8.2.4.3 | 8.2.4.4 | 8.2.4.5 | 8.2.4.6 | 8.2.4.7 | 8.2.5
"""
MIPING = [f"8.4 {letter}" for letter in "abcdefgh"]
TABLES = ("asvs-5.0-l2.md", "djbh-level-3.md", "miping.md")
NAMED = re.compile(r"`([\w./-]+?\.(?:py|md|toml|txt|yml)|Dockerfile|\.dockerignore)(?:::(\w+))?`")


def rows(name: str) -> list[list[str]]:
    """The cells of every row of every table, without heads."""
    lines = (FOLDER / name).read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in cells if row[0] not in ("no.", "control")]


@cache
def functions(path) -> frozenset[str]:
    return frozenset(
        node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
    )


def is_there(path: str, function: str) -> bool:
    file = ROOT / path
    return file.is_file() and (not function or function in functions(file))


def test_every_requirement_of_asvs_stands_there_once_with_its_level():
    found = rows("asvs-5.0-l2.md")

    assert (len(ASVS), list(ASVS.values()).count("L1")) == (253, 70)
    assert sorted(row[0] for row in found) == sorted(ASVS)
    assert [row[0] for row in found if ASVS[row[0]] != row[1]] == []


def test_every_control_of_the_two_national_standards_stands_there_once():
    wanted = []
    for part in DJBH.split("|"):
        control, *letters = part.split()
        wanted += [f"{control} {letter}" for letter in letters] or [control]

    assert [row[0] for row in rows("djbh-level-3.md")] == wanted
    assert [row[0] for row in rows("miping.md")] == MIPING


@pytest.mark.parametrize("name", TABLES)
def test_every_verdict_is_one_of_three_and_says_why(name):
    found = rows(name)

    assert [row for row in found if row[-2] not in VERDICTS] == []
    assert [row[0] for row in found if row[-2] == "met" and not NAMED.search(row[-1])] == []
    assert [row[0] for row in found if len(row[-1]) < 6] == []


@pytest.mark.parametrize("name", [*TABLES, "README.md", "handbook.md"])
def test_every_piece_of_evidence_exists(name):
    named = NAMED.findall((FOLDER / name).read_text())

    assert named
    assert [f"{path}::{function}" for path, function in named if not is_there(path, function)] == []


def test_the_sum_at_the_head_is_the_sum_of_the_rows():
    verdicts = [row[-2] for row in rows("asvs-5.0-l2.md")]
    head = re.search(
        r"\*\*(\d+) met · (\d+) not met · (\d+) not applicable\*\*", (FOLDER / "asvs-5.0-l2.md").read_text()
    )

    assert [int(number) for number in head.groups()] == [
        verdicts.count(verdict) for verdict in ("met", "not met", "not applicable")
    ]


@pytest.mark.parametrize("name", ["asvs-5.0-l2.md", "djbh-level-3.md"])
def test_where_two_standards_disagree_the_decision_is_linked(name):
    text = (FOLDER / name).read_text()

    assert "6.2.5" in text and "6.2.10" in text and "8.1.4.1 a" in text
    assert "(../decisions/password-policy.md)" in text
    assert (ROOT / "docs/decisions/password-policy.md").is_file()
