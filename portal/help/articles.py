"""What people ask most, by what they want to do. Plain data, so that help needs no database."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Article:
    """A task in a few sentences, and the page where it is done."""

    code: str
    role: str
    title: Promise
    steps: tuple[Promise, ...]
    url_name: str = ""

    @property
    def url(self) -> str:
        """Where it is done; empty when this house has no such page."""
        try:
            return reverse(self.url_name) if self.url_name else ""
        except NoReverseMatch:
            return ""

    def has(self, words: str) -> bool:
        """Are these words in it, in the reader's language?"""
        text = " ".join(map(str, (self.title, *self.steps))).lower()
        return words.lower() in text


ROLES = {
    "visitor": _("了解平台"),
    "enterprise": _("用算力的企业"),
    "provider": _("算力服务商"),
    "officer": _("算力券经办"),
    "regulator": _("审计监管"),
    "operator": _("平台运营"),
    "finance": _("平台财务"),
    "developer": _("开发者"),
    "site": _("关于本站"),
}

ARTICLES = (
    Article(
        "what-is-here",
        "visitor",
        _("平台提供什么"),
        (
            _("全市多家服务商的加速卡在同一个算力市场按卡时出售，余量每几秒同步一次。"),
            _("价格、余量与所在区不登录也能看；登录后，每个价格同时显示券后价。"),
            _("标有“模拟”的集群，流程、计量与结算真实，作业不在真实加速卡上运行。"),
        ),
        "storefront:list",
    ),
    Article(
        "join",
        "visitor",
        _("怎样加入"),
        (
            _("在页首选择“登录 / 注册”，填写用户名、邮箱与密码创建账号。"),
            _("登录后按提示登记企业：名称、统一社会信用代码与所在区。代码末位是校验码，填错会立即提示。"),
            _("登记成功后您是企业管理员，平台同时为企业建好第一个项目。"),
        ),
        "account_signup",
    ),
    Article(
        "what-is-p",
        "visitor",
        _("1P 是多少算力"),
        (
            _("1P 等于每秒 10¹⁵ 次 FP16 稠密浮点运算。"),
            _("加速卡目录列出每种卡的 FP16 稠密算力与数据出处，平台据此把卡数折算为 P。"),
        ),
        "capacity:accelerators",
    ),
    Article(
        "first-order",
        "enterprise",
        _("怎么下单"),
        (
            _("在算力市场按型号、区域或价格筛选，填写卡数与时长，比较券后价。"),
            _("选择商品，填写项目、卡数、时长上限与启动命令，可以附带程序文件。"),
            _("在核对页确认金额、算力券抵扣与冻结总额，再提交。重复点击不会重复下单。"),
            _("金额达到项目的审批起点时，订单先等本单位另一人审批。"),
        ),
        "storefront:list",
    ),
    Article(
        "vouchers-deduct",
        "enterprise",
        _("算力券怎么抵扣"),
        (
            _("下单时自动抵扣：先区级、再市级，同级先到期的先用；核对页逐券写明算式。"),
            _("下单只冻结，作业结束后按实际用量核销，其余退回原券。"),
            _("每张券的已核销、冻结与可用金额在“算力券”页随时可查。"),
        ),
        "vouchers:list",
    ),
    Article(
        "billing",
        "enterprise",
        _("怎样计费"),
        (
            _("按集群上报的开始与结束时间计到秒：应付 = 单价 × 卡数 × 秒数 ÷ 3600，四舍五入到分。"),
            _("单价以下单时为准，之后调价不影响已下的订单。"),
            _("因服务商原因失败的作业不收费。"),
        ),
        "billing:list",
    ),
    Article(
        "monthly-bill",
        "enterprise",
        _("月度账单与还款"),
        (
            _("每月 1 日生成上月账单，按项目与资金来源汇总，可下载 Excel 与 PDF；出账后不再改动。"),
            _("迟到或更正的用量与退费记入下一张账单，并注明原明细。"),
            _("挂账的金额在还款日前还清：在账单页用预存款还款，余额足够时到期自动还款。"),
            _("逾期先提醒，7 天后停止新订单，14 天后停止运行中的作业；还清后立即恢复。"),
        ),
        "billing:list",
    ),
    Article(
        "budget",
        "enterprise",
        _("怎样设置预算"),
        (
            _("在“预算”中点项目名称，填写月度预算与三个阈值：提醒、停止新订单、全部停止；不填的不执行。"),
            _("已用按本月下的订单计算：未结的按冻结额，已结的按实际计费，退费相应减少。"),
            _("“成本分析”按项目、加速卡、服务商或日期汇总，并预计本月月底的费用。"),
        ),
        "budgets:list",
    ),
    Article(
        "cancel",
        "enterprise",
        _("怎样撤销或停止"),
        (
            _("下单 10 分钟内可以在订单页撤销，不收费，冻结的钱与券全部退回；每天最多 3 次。"),
            _("超过 10 分钟可以停止，按已经运行的时长结算，其余退回。"),
        ),
        "orders:list",
    ),
    Article(
        "approve",
        "enterprise",
        _("怎样审批订单"),
        (
            _("待您审批的事项在“我的待办”，页首的数字是件数。"),
            _("审批页左边是材料，中间是自动核对，右边填写意见；按 n 键看下一件。"),
            _("自己提交的事项不能自己审批；24 小时内未处理自动失效，冻结退回。"),
        ),
        "todo",
    ),
    Article(
        "top-up",
        "enterprise",
        _("怎样充值"),
        (
            _("向平台账户对公转账，附言填写“账户余额”页上的单位编号。"),
            _("平台财务核对银行流水后入账，您会收到通知。"),
        ),
        "funding:wallet",
    ),
    Article(
        "lists",
        "enterprise",
        _("列表怎么用"),
        (
            _("按 / 键搜索；筛选、排序与页签都写在地址里，可以收藏或转发。"),
            _("“视图”保存常用条件并可设为默认；“显示”选择列、行高与每页条数。"),
            _("“导出”得到与屏幕条件完全相同的 Excel 或 CSV；超过 5,000 条在后台生成，完成后通知。"),
        ),
        "orders:list",
    ),
    Article(
        "connect",
        "provider",
        _("怎样接入集群"),
        (
            _("向平台运营提供集群所在区、加速卡型号与数量、接入地址，由平台登记并分配编号。"),
            _("登记后平台自动探测，几秒内显示在线，容量与作业状态自动同步。"),
        ),
        "capacity:clusters",
    ),
    Article(
        "get-paid",
        "provider",
        _("怎样结算"),
        (
            _("每月初结算上一期：结算额 = 计费收入 − 佣金，结算单逐条列出账单。"),
            _("结算单与账本逐分对平，不再改动；差错以冲正更正。"),
        ),
        "settlement:list",
    ),
    Article(
        "capacity-numbers",
        "provider",
        _("容量数字是什么意思"),
        (
            _("总卡数 = 平台外已售 + 平台订单占用 + 可售。"),
            _("上报卡数与占用冲突时会标红，请核对集群后台。"),
        ),
        "capacity:clusters",
    ),
    Article(
        "issue",
        "officer",
        _("怎样发放算力券"),
        (
            _("打开“补贴项目”，选择项目，在右侧填写企业、金额与有效期后发放。"),
            _("超过券池余额或单家企业上限时会被拒绝，并说明差多少。"),
            _("发放立即入账、通知企业，并记入审计记录。"),
        ),
        "vouchers:programmes",
    ),
    Article(
        "prove",
        "officer",
        _("怎样说明每一分钱"),
        (
            _("每个补贴项目满足：预算 = 券池余额 + 已发放；已发放 = 可用 + 冻结 + 已核销。"),
            _("每笔核销对应一条账单与集群的计量记录，在财政补贴结算单中逐条列出。"),
        ),
        "settlement:list",
    ),
    Article(
        "cockpit",
        "regulator",
        _("怎样看驾驶舱"),
        (
            _("每块面板注明数据时间，过期变灰；点数字打开对应的列表。"),
            _("“全屏”用于大屏，“暂停刷新”定格画面；每张图都附数据表。"),
        ),
        "cockpit:board",
    ),
    Article(
        "trail",
        "regulator",
        _("怎样查审计记录"),
        (
            _("按对象编号或事件查找，可以看到谁、何时、做了什么、前后变化。"),
            _("记录只能追加，并以 SM3 摘要首尾相连；任何改动都会被发现。"),
        ),
        "audit:list",
    ),
    Article(
        "watch",
        "operator",
        _("每天看什么"),
        (
            _("工作台的数字：离线的集群、等待运行的作业、未结算的账单，点数字打开列表。"),
            _("集群离线时先看最近联系时间与原因，再联系服务商。"),
        ),
        "desk",
    ),
    Article(
        "receipts",
        "finance",
        _("怎样登记到账"),
        (
            _("在“到账登记”右侧填写企业、金额、银行流水号与日期；同一流水号只能入账一次。"),
            _("入账立即增加企业余额并通知企业；登记后不能修改，差错以冲正更正。"),
        ),
        "payments:receipts",
    ),
    Article(
        "bank",
        "finance",
        _("怎样与银行对账"),
        (
            _(
                "从网银导出 CSV 或 CAMT.053 对账单，在“银行对账”导入；附言写明单位编号且户名一致的来款自动入账。"
            ),
            _("“待处理”的流水写明差异：打开后核对并计入企业余额，或说明为利息、手续费。"),
            _("当日全部相符后点击“日结”，此后不能再导入该日流水。"),
        ),
        "bank:list",
    ),
    Article(
        "bill-refund",
        "finance",
        _("怎样退费与更正计量"),
        (
            _("在“账单退费”填写明细号与原因：退一笔金额，或填写更正后的计量秒数。"),
            _("另一位财务在“审批”中复核；同意后几秒内按原资金来源比例退回，或把差额记入下一张账单。"),
            _("服务商与平台的份额同时调整，计入服务商的下一张结算单。"),
        ),
        "billing:refunds",
    ),
    Article(
        "close",
        "finance",
        _("怎样结算与核对"),
        (
            _("“结算单”页选择“结算至此刻”，按服务商与补贴项目各生成一张；每月初也会自动结算上月。"),
            _("“账簿核对”显示账本总数与是否平衡；有差异会列出原因。"),
        ),
        "settlement:books",
    ),
    Article(
        "api",
        "developer",
        _("怎样通过接口下单"),
        (
            _("在“访问令牌”创建令牌，选择范围与期限；令牌只显示一次。"),
            _("请求头带 Authorization: Bearer 与 Idempotency-Key；同一个键重发只下一单。"),
            _("开放接口页列出全部地址、字段与错误码。"),
        ),
        "api-reference",
    ),
    Article(
        "errors",
        "developer",
        _("接口报错怎么办"),
        (
            _("错误是 application/problem+json：title 说明原因，errors 指出字段，request_id 供客服查询。"),
            _("409 表示状态已变，重新读取后再试；429 按 Retry-After 等待。"),
        ),
        "api-reference",
    ),
    Article(
        "accessibility",
        "site",
        _("无障碍说明"),
        (
            _("页首可以切换大字（125%、150%）、高对比度、深浅色与语言，选择会被记住；单键快捷键在页脚停用。"),
            _(
                "全部功能可以只用键盘完成：Tab 移动，回车确认，Esc 关闭，/ 搜索；第一个 Tab 是“跳到主要内容”。"
            ),
            _("每张图都附有同样内容的数据表；颜色从不单独表示含义。"),
        ),
    ),
    Article(
        "privacy",
        "site",
        _("隐私说明"),
        (
            _(
                "本站只使用登录、语言、字号、深浅色与列表显示所必需的 Cookie，不加载任何第三方内容，不跟踪浏览行为。"
            ),
        ),
    ),
)


def about(words: str) -> list[Article]:
    """The articles that have these words."""
    return [article for article in ARTICLES if article.has(words)]
