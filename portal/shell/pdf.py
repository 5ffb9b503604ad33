"""Papers an office can file: A4, Chinese on a bare machine, with number, page, author and time on each page.

The typeface is embedded where `manage.py build_assets` has fetched it; without it the reader's own Chinese typeface is used.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from html import escape
from io import BytesIO

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from portal.shell.city import city
from portal.shell.codes import in_groups
from portal.shell.columns import Column
from portal.shell.money import yuan

FONTS = settings.BASE_DIR / "var" / "fonts"
MARGIN = 18 * mm
# What somebody still leafs through; the rest is for a spreadsheet.
MOST_LINES = 500
WIDTH = A4[0] - 2 * MARGIN
INK, QUIET, LINE, SHADE = (colors.HexColor(c) for c in ("#1b2430", "#56606e", "#d8dee8", "#f4f6f9"))


@dataclass(frozen=True)
class Table:
    """Rows by their columns; a column that names a `total` is summed at the foot."""

    title: str
    columns: Sequence[Column]
    rows: Sequence


@dataclass(frozen=True)
class Paper:
    """What stands on a paper; `author` and `at` say who made it and when."""

    title: str
    code: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    notes: Sequence[str]
    author: str
    at: datetime
    amount: int | None = None
    # The code under which anybody may check it; `portal.papers` gives it.
    check: str = ""


def digest_of(paper: Paper) -> str:
    """SHA-256 over what is printed, whoever prints it and whenever."""
    said = [paper.title, paper.code, paper.amount, list(map(list, paper.facts)), list(paper.notes)]
    said += [
        [table.title, [[written(column, row) for column in table.columns] for row in table.rows]]
        for table in paper.tables
    ]
    return sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()


def facts_of(row, columns: Sequence[Column]) -> list[tuple[str, str]]:
    """What columns say of one row, for the head of a paper."""
    return [
        (str(column.label), written(column, row)) for column in columns if column.of(row) not in (None, "")
    ]


def written(column: Column, row) -> str:
    """A column's value as it stands on paper."""
    value = column.typed(row)
    if value is None:
        return ""
    if column.kind == "money":
        return f"{value:,.2f}"
    if column.kind == "span":
        return _("%(seconds)s 秒") % {"seconds": f"{value:,}"}
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def pdf(paper: Paper) -> bytes:
    """The paper as a PDF file."""
    sans, bold = _typefaces()
    body = BytesIO()
    document = SimpleDocTemplate(
        body,
        pagesize=A4,
        # The frame pads by six points of its own.
        leftMargin=MARGIN - 6,
        rightMargin=MARGIN - 6,
        topMargin=24 * mm,
        bottomMargin=20 * mm,
        title=f"{paper.title} {paper.code}",
        author=paper.author,
        creator=city()["title"],
    )
    story = [Paragraph(escape(paper.title), _style(bold, 17)), Spacer(0, 4 * mm), _facts(paper.facts)]
    for table in paper.tables:
        story += [
            Spacer(0, 6 * mm),
            Paragraph(escape(table.title), _style(bold, 11)),
            Spacer(0, 2 * mm),
            _table(table),
        ]
    story.append(Spacer(0, 5 * mm))
    story += [Paragraph(escape(note), _style(sans, 8, QUIET)) for note in paper.notes]
    if paper.check:
        story.append(KeepTogether([Spacer(0, 5 * mm), _check(paper)]))
    document.build(story, canvasmaker=_numbered(paper, sans))
    return body.getvalue()


@cache
def _typefaces() -> tuple[str, str]:
    if not (FONTS / "bold.ttf").exists():
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        return "STSong-Light", "STSong-Light"
    pdfmetrics.registerFont(TTFont("sans", FONTS / "regular.ttf"))
    pdfmetrics.registerFont(TTFont("bold", FONTS / "bold.ttf"))
    return "sans", "bold"


def _style(font, size, color=INK, **more):
    return ParagraphStyle(
        f"{font}{size}",
        fontName=font,
        fontSize=size,
        leading=size * 1.5,
        textColor=color,
        wordWrap="CJK",
        **more,
    )


def _facts(facts):
    sans, _bold = _typefaces()
    cells = [
        [
            Paragraph(escape(str(label)), _style(sans, 9, QUIET)),
            Paragraph(escape(str(value)), _style(sans, 9)),
        ]
        for label, value in facts
    ]
    style = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE)])
    return LongTable(cells, colWidths=[32 * mm, WIDTH - 32 * mm], style=style)


def _check(paper):
    """How anybody may see that the paper is ours: a code to scan, an address to type."""
    sans, _bold = _typefaces()
    address = settings.PUBLIC_URL.rstrip("/") + reverse("papers:check")
    square = QrCodeWidget(f"{address}?code={paper.check}", barWidth=22 * mm, barHeight=22 * mm)
    picture = Drawing(22 * mm, 22 * mm)
    picture.add(square)
    digest = digest_of(paper)
    words = [
        _("核验码 %(code)s") % {"code": paper.check},
        address,
        _("校验值 %(digest)s") % {"digest": in_groups(digest)},
    ]
    lines = [Paragraph(escape(line), _style(sans, 8, QUIET)) for line in words]
    style = TableStyle([("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("LEFTPADDING", (0, 0), (0, 0), 0)])
    return LongTable([[picture, lines]], colWidths=[26 * mm, WIDTH - 26 * mm], style=style)


def _table(table):
    sans, bold = _typefaces()
    rows = [[_cell(column.head, column, bold) for column in table.columns]]
    rows += [[_cell(written(column, row), column, sans) for column in table.columns] for row in table.rows]
    if any(column.total for column in table.columns):
        rows.append(
            [_cell(_total(column, n, table.rows), column, bold) for n, column in enumerate(table.columns)]
        )
    style = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), SHADE),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    shares = [2 if not column.is_number else 1.4 for column in table.columns]
    widths = [WIDTH * share / sum(shares) for share in shares]
    return LongTable(rows, colWidths=widths, repeatRows=1, style=style)


def _total(column, position, rows) -> str:
    if column.total:
        total = sum(column.of(row) or 0 for row in rows)
        return yuan(total) if column.kind == "money" else f"{total:,}"
    return _("合计") if position == 0 else ""


def _cell(text, column, font):
    right = {"alignment": TA_RIGHT} if column.is_number else {}
    return Paragraph(escape(text), _style(font, 8, **right))


def _numbered(paper, font):
    """A canvas that knows how many pages there are only when the last one is written."""

    class Numbered(Canvas):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.pages = []

        def showPage(self):
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self):
            for number, page in enumerate(self.pages, start=1):
                self.__dict__.update(page)
                self.edge(number, len(self.pages))
                super().showPage()
            super().save()

        def edge(self, number, count):
            self.setFont(font, 8)
            self.setFillColor(QUIET)
            top, bottom = A4[1] - 14 * mm, 11 * mm
            self.drawString(MARGIN, top, city()["title"])
            self.drawRightString(A4[0] - MARGIN, top, _("编号 %(code)s") % {"code": paper.code})
            made = {"by": paper.author, "at": f"{localtime(paper.at):%Y-%m-%d %H:%M}"}
            self.drawString(MARGIN, bottom, _("制表人 %(by)s · %(at)s（北京时间）") % made)
            pages = _("第 %(number)d 页，共 %(count)d 页") % {"number": number, "count": count}
            self.drawRightString(A4[0] - MARGIN, bottom, pages)

    return Numbered
