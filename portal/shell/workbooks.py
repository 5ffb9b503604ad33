"""Spreadsheets with typed cells, a frozen head and filters; and the same rows as plain text."""

import csv
from collections.abc import Iterable
from io import StringIO

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _cell(value):
    # A name such as "=HYPERLINK(…)" must stay a name when an officer opens the file.
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return str(value) if isinstance(value, Promise) else value


def workbook(title: str, heads: list[str], rows: Iterable[list], conditions: Iterable = ()) -> Workbook:
    """One sheet with its heads in bold, frozen and filtered; a second one says under which conditions it was made."""
    book = Workbook()
    sheet = book.active
    sheet.title = str(title)[:31]
    sheet.append([str(head) for head in heads])
    for row in rows:
        sheet.append([_cell(value) for value in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for index, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(12, len(str(head)) * 2 + 2)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    if conditions:
        notes = book.create_sheet(_("导出条件"))
        for name, value in conditions:
            notes.append([str(name), _cell(value)])
        notes.column_dimensions["A"].width = notes.column_dimensions["B"].width = 32
    return book


def csv_text(heads: list[str], rows: Iterable[list]) -> str:
    """Comma-separated lines with the mark by which Excel knows Chinese."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([str(head) for head in heads])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return "\ufeff" + text.getvalue()
