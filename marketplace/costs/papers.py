"""The costs of some months as a paper."""

from types import SimpleNamespace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.costs import queries
from marketplace.costs.forms import BY
from portal.shell.columns import Column
from portal.shell.pdf import MOST_LINES, Paper, Table

SHARES = (
    Column("label", gettext_lazy("分组")),
    Column("line_count", gettext_lazy("明细条数"), "number", total="line_count"),
    Column("card_seconds", gettext_lazy("计费卡时"), "span", total="card_seconds"),
    Column("gross", gettext_lazy("费用"), "money", total="gross"),
    Column("voucher", gettext_lazy("算力券"), "money", total="voucher"),
    Column("cash", gettext_lazy("已付"), "money", total="cash"),
    Column("credit", gettext_lazy("挂账"), "money", total="credit"),
)


def cost_paper(organization, by_what, months, rows, *, by, at) -> Paper:
    """The same table as the page's, grouped as somebody asked."""
    total = queries.total(rows)
    return Paper(
        title=_("成本报表"),
        code=f"COST-{organization}-{by_what}-{months.since:%Y%m}-{months.until:%Y%m}",
        facts=[
            (_("账期起"), f"{months.since:%Y-%m}"),
            (_("账期止"), f"{months.until:%Y-%m}"),
            (_("分组"), str(BY[by_what])),
        ],
        tables=[Table(_("费用构成"), SHARES, [SimpleNamespace(**row) for row in rows[:MOST_LINES]])],
        notes=[_("费用 = 算力券 + 已付 + 挂账，与账单明细逐条一致。")],
        author=str(by),
        at=at,
        amount=total["gross"],
    )
