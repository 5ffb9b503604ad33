"""Papers: whole Chinese sentences, numbered pages, sums at the foot, with the typeface and without it."""

from io import BytesIO
from types import SimpleNamespace

import pytest
from pypdf import PdfReader

from portal.shell import pdf as papers
from portal.shell.columns import Column
from portal.shell.pdf import Paper, Table, pdf
from tests.city import NOON

COLUMNS = (
    Column("name", "项目"),
    Column("amount", "金额", "money", total="amount"),
    Column("seconds", "时长", "span", total="seconds"),
)


def paper(rows, **wishes):
    facts = [("客户", "鹭岛<智能>科技 & 有限公司")]
    tables = [Table("明细", COLUMNS, rows)]
    wish = {"title": "账单", "code": "BI-1", "facts": facts, "tables": tables, "notes": ["说明一"]} | wishes
    return Paper(**wish, author="洪财务", at=NOON)


def row(n):
    return SimpleNamespace(name=f"第 {n} 行", amount=100 + n, seconds=1000)


def pages(content):
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages]


def test_a_paper_says_what_it_is_who_made_it_and_when(settings):
    (page,) = pages(pdf(paper([row(1), row(2)])))

    for words in (
        "账单",
        "编号 BI-1",
        "鹭岛<智能>科技 & 有限公司",
        "洪财务",
        "2026-11-21 12:00（北京时间）",
        "第 1 页，共 1 页",
    ):
        assert words in page
    assert "合计 2.03 2,000" in page and "说明一" in page


def test_a_long_paper_repeats_its_heads_and_counts_its_pages():
    read = pages(pdf(paper([row(n) for n in range(200)])))

    assert len(read) > 3
    for number, page in enumerate(read, start=1):
        assert f"第 {number} 页，共 {len(read)} 页" in page
        assert "金额（元）" in page or "说明一" in page


def test_an_empty_table_is_a_whole_paper():
    (page,) = pages(pdf(paper([])))

    assert "合计 0.00" in page


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """Nobody has fetched the typeface."""
    papers._typefaces.cache_clear()
    monkeypatch.setattr(papers, "FONTS", tmp_path)
    yield
    papers._typefaces.cache_clear()


def test_without_the_typeface_the_readers_own_is_named(bare):
    content = pdf(paper([row(1)]))

    fonts = [
        font["/BaseFont"]
        for page in PdfReader(BytesIO(content)).pages
        for font in (f.get_object() for f in page["/Resources"]["/Font"].values())
    ]
    assert "/STSong-Light" in str(fonts)
    assert "第 1 行" in pages(content)[0]


def test_two_papers_of_the_same_rows_say_the_same():
    assert pages(pdf(paper([row(1)]))) == pages(pdf(paper([row(1)])))
