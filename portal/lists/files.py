"""A list written into a file."""

from io import BytesIO

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.shell.responses import XLSX
from portal.shell.screens import CHUNK
from portal.shell.workbooks import csv_text, workbook

MOST_AT_ONCE = 5_000
MOST_IN_BACKGROUND = 100_000
FORMS = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8"}


def _counted(rows, note):
    """The same rows; after every thousand `note` hears how many there were."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number % CHUNK == 0:
            note(number)


def file_of(asked, form: str, *, at, most: int = MOST_AT_ONCE, note=lambda rows: None):
    """The rows somebody asked for as a file: its content, its type and its name. `note` hears how far it is."""
    rows, title = _counted(asked.sheet_rows(most), note), str(asked.screen.title)
    if form == "csv":
        content = csv_text(asked.heads, rows).encode("utf-8")
    else:
        conditions = [
            (_("列表"), title),
            *asked.conditions,
            (_("导出人"), str(asked.user)),
            (_("导出时间"), localtime(at).replace(tzinfo=None)),
            (_("符合条件的条数"), asked.count),
        ]
        book = BytesIO()
        workbook(title, asked.heads, rows, conditions).save(book)
        content = book.getvalue()
    return content, FORMS[form], f"{asked.screen.code}-{localtime(at):%Y%m%d-%H%M}.{form}"
