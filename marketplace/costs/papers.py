"""The costs of some months as a paper."""

from django.utils.translation import gettext as _

from marketplace.costs import queries, tables
from marketplace.costs.forms import BY
from portal.shell.pdf import MOST_LINES, Paper, Table


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
        tables=[Table(_("费用构成"), tables.columns(by_what), rows[:MOST_LINES])],
        notes=[_("费用 = 算力券 + 已付 + 挂账，与账单明细逐条一致。")],
        author=str(by),
        at=at,
        amount=total["gross"],
    )
