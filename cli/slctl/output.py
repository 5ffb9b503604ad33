"""An answer for a program, for a person, or for a spreadsheet."""

import csv
import io
import json
from unicodedata import east_asian_width


def _rows(answer) -> list[dict]:
    if isinstance(answer, list):
        return answer
    return answer.get("results", [answer])


def _text(value) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _width(text: str) -> int:
    """Chinese takes two places."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def as_json(answer) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=2)


def as_csv(answer) -> str:
    rows, sheet = _rows(answer), io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
        writer.writerows([_text(value) for value in row.values()] for row in rows)
    return sheet.getvalue().rstrip("\n")


def as_table(answer) -> str:
    """The plain facts of each row; what lies deeper is in the JSON."""
    rows = _rows(answer)
    names = [name for name, value in rows[0].items() if not isinstance(value, dict | list)] if rows else []
    lines = [names, *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(_width(line[place]) for line in lines) for place in range(len(names))]
    return "\n".join(
        "  ".join(text + " " * (width - _width(text)) for text, width in zip(line, widths)).rstrip()
        for line in lines
    )


FORMS = {"json": as_json, "table": as_table, "csv": as_csv}


def show(answer, form: str) -> str:
    return FORMS[form](answer)
