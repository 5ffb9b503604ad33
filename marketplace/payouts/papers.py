"""A batch as the paper that two persons sign."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.payouts import tables
from marketplace.payouts.models import PayoutBatch
from portal.shell.columns import Column
from portal.shell.pdf import Paper, Table, facts_of

PAYMENTS = (
    Column("code", gettext_lazy("付款编号")),
    Column("holder", gettext_lazy("收款户名"), value="payee.holder"),
    Column("bank", gettext_lazy("开户行"), value="payee.bank"),
    Column("masked", gettext_lazy("账号"), value="payee.masked"),
    Column("subject", gettext_lazy("结算单或退款"), value="subject.code"),
    Column("amount", gettext_lazy("金额"), "money", total="amount"),
    Column("status", gettext_lazy("状态"), "status"),
)


def batch_paper(batch: PayoutBatch, *, by, at) -> Paper:
    """Every payment of a batch, whatever became of it."""
    return Paper(
        title=_("拨付清单"),
        code=batch.code,
        facts=[(_("状态"), batch.get_status_display()), *facts_of(batch, tables.FACTS)],
        tables=[Table(_("付款明细"), PAYMENTS, list(batch.payouts.in_full()))],
        notes=[_("账号只印末四位；完整账号在付款文件中，下载留痕。")],
        author=str(by),
        at=at,
        amount=batch.total,
    )
