"""A month's bill as a paper."""

from django.utils.translation import gettext as _

from marketplace.billing import queries, tables
from marketplace.billing.models import Bill
from portal.shell.pdf import MOST_LINES, Paper, Table, facts_of


def bill_paper(bill: Bill, lines, *, by, at) -> Paper:
    """Who used it, who paid it, and the lines as far as a paper takes them."""
    shown = list(lines[:MOST_LINES])
    left = bill.line_count - len(shown)
    notes = [_("应付 = 单价 × 卡数 × 计费秒数 ÷ 3600，每条明细四舍五入到分一次。")]
    if left > 0:
        notes.append(_("另有 %(n)d 条明细，见 Excel 文件。") % {"n": left})
    return Paper(
        title=_("%(month)s 账单") % {"month": bill.period},
        code=bill.code,
        facts=facts_of(bill, tables.FACTS),
        tables=[
            Table(_("按项目"), tables.PROJECTS, queries.by_project(bill)),
            Table(_("资金来源"), tables.PAYERS, queries.by_source(bill)),
            Table(_("用量明细"), tables.LINES, shown),
        ],
        notes=notes,
        author=str(by),
        at=at,
        amount=bill.gross,
    )
