"""A month's bill as a paper."""

from types import SimpleNamespace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.billing import queries, tables
from marketplace.billing.models import Bill
from portal.shell.columns import Column
from portal.shell.pdf import MOST_LINES, Paper, Table, facts_of

PROJECTS = (
    Column("name", gettext_lazy("项目")),
    Column("line_count", gettext_lazy("明细条数"), "number", total="line_count"),
    Column("gross", gettext_lazy("应付"), "money", total="gross"),
    Column("voucher", gettext_lazy("算力券"), "money", total="voucher"),
    Column("cash", gettext_lazy("已付"), "money", total="cash"),
    Column("credit", gettext_lazy("挂账"), "money", total="credit"),
)
PAYERS = (
    Column("label", gettext_lazy("资金来源")),
    Column("reference", gettext_lazy("编号")),
    Column("paid", gettext_lazy("金额"), "money", total="paid"),
)
LINES = (
    Column("code", gettext_lazy("明细编号")),
    Column("order", gettext_lazy("订单号"), value="order.code"),
    Column("accelerator", gettext_lazy("加速卡"), value="order.plan.accelerator"),
    Column("cards", gettext_lazy("卡数"), "number"),
    Column("seconds", gettext_lazy("计费时长"), "span"),
    Column("gross", gettext_lazy("应付"), "money", total="gross"),
)


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
            Table(_("按项目"), PROJECTS, _rows(queries.by_project(bill))),
            Table(_("资金来源"), PAYERS, _rows(queries.by_source(bill))),
            Table(_("用量明细"), LINES, shown),
        ],
        notes=notes,
        author=str(by),
        at=at,
        amount=bill.gross,
    )


def _rows(shares) -> list[SimpleNamespace]:
    return [SimpleNamespace(**share) for share in shares]
