"""Statements and adjustments as papers."""

from types import SimpleNamespace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.settlement import tables
from marketplace.settlement.models import Adjustment, Statement
from portal.shell.columns import Column
from portal.shell.pdf import MOST_LINES, Paper, Table, facts_of

WORKINGS = (
    Column("label", gettext_lazy("项目")),
    Column("amount", gettext_lazy("金额"), "money"),
)


def statement_paper(statement: Statement, lines, *, by, at) -> Paper:
    """How the amount comes about, on which basis, and the lines as far as a paper takes them."""
    workings = [
        SimpleNamespace(label=column.label, amount=column.of(statement)) for column in tables.WORKINGS
    ]
    shown = list(lines[:MOST_LINES])
    left = statement.line_count - len(shown)
    return Paper(
        title=_("结算单 · %(title)s") % {"title": statement.title},
        code=statement.code,
        facts=[*facts_of(statement, tables.FACTS), *facts_of(statement, tables.BASIS)],
        tables=[
            Table(_("金额构成"), WORKINGS, [row for row in workings if row.amount is not None]),
            Table(_("明细"), tables.LINES, shown),
        ],
        notes=[_("另有 %(n)d 条明细，见 Excel 文件。") % {"n": left}] if left > 0 else [],
        author=str(by),
        at=at,
        amount=statement.due,
    )


def adjustment_paper(adjustment: Adjustment, *, by, at) -> Paper:
    """Who gets or gives how much outside the bills, why, and which two persons said so."""
    return Paper(
        title=_("调账单"),
        code=adjustment.code,
        facts=facts_of(adjustment, tables.adjustments.facts),
        tables=[],
        notes=[_("正数为增加对方应得，负数为减少；复核通过后入账。")],
        author=str(by),
        at=at,
        amount=adjustment.amount,
    )
