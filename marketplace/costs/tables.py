"""What the costs of some months are told by."""

from django.utils.translation import gettext_lazy as _

from marketplace.costs.forms import BY
from portal.shell.columns import Column

SUMS = (
    Column("line_count", _("明细条数"), "number", total="line_count"),
    Column("card_seconds", _("计费卡时"), "span", total="card_seconds"),
    Column("gross", _("费用"), "money", total="gross"),
    Column("voucher", _("算力券"), "money", total="voucher"),
    Column("cash", _("已付"), "money", total="cash"),
    Column("credit", _("挂账"), "money", total="credit"),
)


def columns(by: str) -> tuple[Column, ...]:
    """The same on the page, on paper and in a spreadsheet."""
    return Column("label", BY[by]), *SUMS
