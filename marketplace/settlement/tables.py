"""The list of statements."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from marketplace.settlement.models import Adjustment, SettlementRun, Statement, Terms
from portal.accounts.permissions import can
from portal.shell.filters import Filters, days
from portal.shell.screens import Column, Empty, ListScreen


class StatementFilters(Filters):
    words = ("title", "^code")
    hint = _("结算对象或结算单号")
    kind = filters.ChoiceFilter(label=_("类型"), choices=Statement.Kind, empty_label=_("全部"))
    since, until = days("closed_at", _("结算日期起"), _("结算日期止"))


screen = ListScreen(
    "statements",
    _("结算单"),
    lead=_(
        "服务商结算 = 计费收入 − 佣金 − 扣款 − 税费 − 质保金；财政补贴结算 = 按项目核销的算力券。结算后不再改动，差错计入下一期。"
    ),
    rows=lambda user: Statement.objects.visible_to(user),
    action="statements.view",
    scope="settlement:read",
    filters=StatementFilters,
    tabs="status",
    columns=(
        Column("title", _("结算对象"), url="get_absolute_url"),
        Column("code", _("结算单号"), "code", beneath="title"),
        Column("kind", _("类型"), "choice"),
        Column("clause", _("政策条款"), beneath="kind"),
        Column("from_at", _("起始"), "time", is_optional=True),
        Column("until_at", _("截至"), "time", sort="until_at"),
        Column(
            "line_count", _("明细条数"), "number", sort="line_count", total="line_count", is_optional=True
        ),
        Column("gross", _("总额"), "money", sort="gross", total="gross"),
        Column("commission", _("佣金"), "money", sort="commission", total="commission"),
        Column("penalty", _("服务质量扣款"), "money", total="penalty", is_optional=True),
        Column("tax", _("代扣税费"), "money", total="tax", is_optional=True),
        Column("retention", _("质保金"), "money", total="retention", is_optional=True),
        Column("net", _("结算额"), "money", sort="net", total="net", is_optional=True),
        Column("due", _("应付"), "money", sort="due", total="due"),
        Column("answer_by", _("确认期限"), "time", is_optional=True),
        Column("status", _("状态"), "status"),
        Column("closed_at", _("结算时间"), "time", is_optional=True),
    ),
    empty=Empty(_("还没有结算单"), _("每月初由平台财务结算上一期；也可以随时结算至此刻。"), icon="statement"),
)

runs = ListScreen(
    "settlement-runs",
    _("结算批次"),
    lead=_(
        "每次结算的控制总数：计量卡时 = 计费 + 免费 + 超出订单不计费；账单总额 = 结算单总额。不相等的批次数据库不予保存。"
    ),
    rows=lambda user: (
        SettlementRun.objects.all() if can(user, "books.view") else SettlementRun.objects.none()
    ),
    action="books.view",
    scope="settlement:read",
    columns=(
        Column("code", _("批次编号"), "code"),
        Column("until_at", _("截至"), "time", sort="until_at"),
        Column("statement_count", _("结算单"), "number"),
        Column("line_count", _("明细条数"), "number", total="line_count"),
        Column("metered", _("计量卡时"), "span"),
        Column("billed", _("计费卡时"), "span"),
        Column("free", _("免费卡时"), "span"),
        Column("over", _("超出订单、不计费卡时"), "span"),
        Column("gross", _("账单总额"), "money", total="gross"),
        Column("stated", _("结算单总额"), "money", total="stated"),
        Column("closed_by", _("制表人"), is_optional=True),
        Column("closed_at", _("结算时间"), "time", is_optional=True),
    ),
    empty=Empty(_("还没有结算"), _("每月初自动结算上一期。"), icon="statement"),
)

terms = ListScreen(
    "settlement-terms",
    _("结算条款"),
    lead=_(
        "按合同登记的扣款、税率与质保金，一人登记、另一人复核后自生效日起用于结算；已出的结算单不受影响。佣金按每条账单计。"
    ),
    rows=lambda user: Terms.objects.visible_to(user),
    action="statements.view",
    scope="settlement:read",
    columns=(
        Column("provider", _("服务商")),
        Column("clause", _("合同条款"), beneath="provider"),
        Column("effective_from", _("生效日期"), "day", sort="effective_from"),
        Column("tax", _("代扣税率"), value="tax_percent"),
        Column("retention", _("质保金比例"), value="retention_percent"),
        Column("retention_months", _("质保期（月）"), "number"),
        Column("bands", _("可用率扣款"), "lines", value="band_words"),
        Column("set_by", _("登记人")),
        Column("set_at", _("登记时间"), "time", beneath="set_by"),
        Column("decided_by", _("复核人")),
        Column("decided_at", _("复核时间"), "time", beneath="decided_by"),
        Column("answer", _("复核意见"), beneath="decided_by"),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("还没有结算条款"), _("没有条款的服务商只扣佣金。"), icon="statement"),
)
adjustments = ListScreen(
    "adjustments",
    _("调账"),
    lead=_(
        "账单之外的更正：一人提出金额与原因，另一人复核后入账。服务商的调账计入下一期结算，企业的计入预存款。"
    ),
    rows=lambda user: Adjustment.objects.visible_to(user),
    action="payouts.view",
    scope="settlement:read",
    tabs="status",
    columns=(
        Column("code", _("调账编号"), "code"),
        Column("organization", _("单位"), beneath="code"),
        Column("amount", _("金额"), "money", sort="amount", total="amount"),
        Column("reason", _("原因")),
        Column("statement.code", _("相关结算单"), "code", beneath="reason"),
        Column("taken_with.code", _("计入结算单"), "code", url="taken_with.get_absolute_url"),
        Column("proposed_by", _("申请人")),
        Column("proposed_at", _("提交时间"), "time", beneath="proposed_by"),
        Column("decided_by", _("复核人")),
        Column("answer", _("复核意见"), beneath="decided_by"),
        Column("status", _("状态"), "status"),
        Column("paper", _("调账单"), template="settlement/_adjustment_paper.html", is_on_paper=False),
    ),
    empty=Empty(_("没有调账"), _("需要更正时在此提出，由另一位平台财务复核。"), icon="edit"),
)

# What a statement's own page says of it.
FACTS = (
    Column("title", _("结算对象")),
    Column("from_at", _("起始"), "time"),
    Column("until_at", _("截至"), "time"),
    Column("closed_at", _("结算时间"), "time"),
    Column("closed_by", _("制表人")),
    Column("card_seconds", _("计费卡时"), "span"),
)
# How a provider's amount comes about, and what was said to it.
WORKINGS = (
    Column("gross", _("计费总额"), "money"),
    Column("commission", _("减：佣金"), "money"),
    Column("penalty", _("减：服务质量扣款"), "money"),
    Column("tax", _("减：代扣税费"), "money"),
    Column("retention", _("减：质保金"), "money"),
    Column("net", _("本期结算额"), "money"),
    Column("carried", _("上期结转"), "money"),
    Column("adjusted", _("调账"), "money"),
    Column("released", _("质保金退还"), "money"),
    Column("due", _("应付"), "money"),
)
# What a treasury is shown, and whether it has paid.
TREASURY = (
    Column("clause", _("政策条款")),
    Column("gross", _("核销总额"), "money"),
    Column("carried", _("上期结转"), "money"),
    Column("due", _("应付"), "money"),
    Column("paid_line.bank_reference", _("银行流水号"), "code"),
    Column("paid_line.booked_on", _("到账日期"), "day"),
    Column("digest_words", _("校验值")),
)
BASIS = (
    Column("delivered_share", _("可用率")),
    Column("terms.clause", _("合同条款")),
    Column("terms.effective_from", _("条款生效日期"), "day"),
    Column("retention_due_on", _("质保到期日"), "day"),
    Column("digest_words", _("校验值")),
)
ANSWER = (
    Column("answer_by", _("确认期限"), "time"),
    Column("answered_by", _("答复人")),
    Column("answered_at", _("答复时间"), "time"),
    Column("objection", _("异议理由")),
    Column("disputed_line.code", _("有异议的账单号"), "code"),
    Column("resolution", _("处理意见")),
    Column("resolved_by", _("处理人")),
    Column("resolved_at", _("处理时间"), "time"),
)
# The bill lines of a statement, on its page and on paper.
LINES = (
    Column("code", _("账单号"), value="bill_line.code"),
    Column("order", _("订单号"), value="bill_line.order.code"),
    Column("firm", _("企业"), value="bill_line.organization"),
    Column("accelerator", _("加速卡"), value="bill_line.order.plan.accelerator"),
    Column("cards", _("卡数"), "number", value="bill_line.cards"),
    Column("seconds", _("计费时长"), "span", value="bill_line.seconds"),
    Column("gross", _("金额"), "money", total="gross"),
    Column("commission", _("佣金"), "money", total="commission"),
)
# What a provider has earned since its last statement.
PENDING = (
    Column("provider", _("服务商"), value="provider__name"),
    Column("gross", _("计费收入"), "money"),
    Column("commission", _("佣金"), "money"),
    Column("net", _("应结"), "money"),
)
# The books in figures.
BALANCES = (
    Column("account", _("科目")),
    Column("balance", _("余额"), "money"),
)
