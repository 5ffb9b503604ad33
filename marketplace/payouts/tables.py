"""The lists of batches and of accounts."""

from django.utils.translation import gettext_lazy as _

from marketplace.payouts.models import Payout, PayoutAccount, PayoutBatch
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class BatchFilters(Filters):
    words = ("^code", "^payouts__code", "payouts__organization__name")
    hint = _("批次编号、付款编号或收款单位")
    since, until = days("made_at", _("制单日期起"), _("制单日期止"))

    def search(self, rows, name, words):
        return super().search(rows, name, words).distinct()


batches = ListScreen(
    "payout-batches",
    _("付款"),
    lead=_(
        "已确认的结算单与对公退款汇成批次，一人制单、另一人复核后下载付款文件；银行流水按付款编号与金额逐笔核对。"
    ),
    rows=lambda user: PayoutBatch.objects.visible_to(user),
    action="payouts.view",
    scope="settlement:read",
    filters=BatchFilters,
    tabs="status",
    columns=(
        Column("code", _("批次编号"), "code", url="get_absolute_url"),
        Column("count", _("笔数"), "number", total="count"),
        Column("total", _("合计"), "money", sort="total", total="total"),
        Column("made_by", _("制单人")),
        Column("made_at", _("制单时间"), "time", sort="made_at", beneath="made_by"),
        Column("approved_by", _("复核人")),
        Column("approved_at", _("复核时间"), "time", beneath="approved_by"),
        Column("closed_at", _("核对完成时间"), "time"),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("还没有付款批次"), _("服务商确认结算单后，在此生成批次。"), icon="bank"),
)

accounts = ListScreen(
    "payout-accounts",
    _("收款账户"),
    lead=_("结算款汇入此账户。变更由服务商提交，平台财务复核后启用；账号加密保存。"),
    rows=lambda user: PayoutAccount.objects.visible_to(user),
    action="statements.view",
    scope="settlement:read",
    columns=(
        Column("provider", _("服务商")),
        Column("holder", _("户名")),
        Column("bank", _("开户行")),
        Column("masked", _("账号")),
        Column("proposed_by", _("提交人")),
        Column("proposed_at", _("提交时间"), "time", beneath="proposed_by"),
        Column("decided_by", _("复核人")),
        Column("decided_at", _("复核时间"), "time", beneath="decided_by"),
        Column("reason", _("复核意见"), beneath="decided_by"),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("还没有收款账户"), _("服务商管理员在此登记；没有账户的结算单不能付款。"), icon="bank"),
)

# What a batch's own page says of it, and of each payment.
FACTS = (
    Column("count", _("笔数"), "number"),
    Column("total", _("合计"), "money"),
    Column("made_by", _("制单人")),
    Column("made_at", _("制单时间"), "time"),
    Column("approved_by", _("复核人")),
    Column("approved_at", _("复核时间"), "time"),
    Column("closed_at", _("核对完成时间"), "time"),
)
PAYMENTS = (
    Column("code", _("付款编号")),
    Column("subject.title", _("收款方"), url="subject.get_absolute_url"),
    Column("payee.masked", _("账号")),
    Column("payee.bank", _("开户行"), beneath="payee.masked"),
    Column("amount", _("金额"), "money"),
    Column("line.bank_reference", _("银行流水号"), "code"),
    Column("returned_line.bank_reference", _("退汇流水号"), "code", beneath="line.bank_reference"),
    Column("status", _("状态"), template="payouts/_state.html"),
)
PAYOUTS = ListScreen(
    "payouts",
    _("付款明细"),
    rows=lambda user: Payout.objects.visible_to(user).in_full(),
    action="payouts.view",
    scope="settlement:read",
    tabs="status",
    columns=(
        Column("code", _("付款编号"), "code"),
        Column("batch.code", _("批次编号"), "code", beneath="code"),
        Column("subject.title", _("收款方"), url="subject.get_absolute_url"),
        Column("payee.masked", _("账号"), beneath="subject.title"),
        Column("amount", _("金额"), "money", total="amount"),
        Column("line.bank_reference", _("银行流水号"), "code"),
        Column("returned_line.bank_reference", _("退汇流水号"), "code", beneath="line.bank_reference"),
        Column("reason", _("原因"), beneath="status"),
        Column("settled_at", _("处理时间"), "time"),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("还没有付款"), _("批次里的每一笔付款列在这里。"), icon="bank"),
)
