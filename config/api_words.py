"""The API's reference in the reader's words: what each operation does, and what to do about each problem."""

from django.utils.translation import gettext_lazy as _

OPERATIONS = {
    "accelerators_list": _("加速卡目录，每个数字注明出处。无需令牌。"),
    "approvals_list": _("待审批与已审批的事项。"),
    "approvals_retrieve": _("一个审批事项。"),
    "approvals_decision_create": _("同意或驳回；重复同一决定不产生变化。不能审批自己提交的事项。"),
    "audit_events_list": _("审计记录：谁、何时、做了什么，及其在哈希链中的位置。"),
    "bank_files_create": _(
        "交付银行对账单（CSV 或 CAMT.053 文本）：整份导入或整份拒绝，同一文件不会重复入账。"
    ),
    "bank_lines_list": _("平台账户的银行流水及处理结果。"),
    "bills_list": _("用量与费用，最新的在前；每笔写明各资金来源。"),
    "monthly_bills_list": _("每个单位每月一张账单，最新的在前。"),
    "monthly_bills_retrieve": _("一张月度账单，按项目汇总；明细用 GET /api/v1/bills/?bill= 查询。"),
    "budgets_list": _("项目的月度预算、本月已用与阈值。"),
    "costs_retrieve": _("按项目、加速卡、服务商或日期汇总的费用，以及本月预计。"),
    "monthly_bills_payment_create": _("用预存款还清一张月度账单；重复提交不产生变化。"),
    "clusters_list": _("集群及其算力池：总量、已售、占用与可售。"),
    "orders_list": _("本单位的订单，最新的在前。"),
    "orders_create": _("下单：锁定价格，冻结算力券、预存款与卡。"),
    "orders_retrieve": _("一张订单及其作业。"),
    "orders_cancel_create": _(
        "取消订单；重复取消不产生变化。作业还要停下时答 202，在 Location 查看，停下后订单才结束。"
    ),
    "operations_list": _("长任务，最新的在前：导出文件、取消运行中的订单。只列出令牌权限范围内的。"),
    "operations_retrieve": _("一个长任务的进展；运行中时 Retry-After 说明多少秒后再读。"),
    "device_logins_create": _("没有浏览器的程序请求令牌：请人打开所给地址并输入代码（RFC 8628）。无需令牌。"),
    "device_logins_key_create": _("有人同意后取走令牌，只能取一次；此前按 interval 查询。无需令牌。"),
    "exports_create": _("导出一个列表；立即答 202，文件在后台写成，Location 是查看进展的地址。"),
    "exports_retrieve": _("取回写成的文件，保留 7 天。"),
    "orders_log_retrieve": _("作业输出的最新部分；用返回的 cursor 继续读取。"),
    "orders_placement_list": _("为什么在这里运行：看过的每个集群及理由。"),
    "invoices_list": _("本单位的发票，最新的在前。"),
    "invoices_create": _("按已付金额申请开票；号码由税务平台给出。"),
    "payments_list": _("本单位的支付记录，最新的在前。"),
    "payments_create": _("发起充值；pay_url 或 scan_text 给出付款入口，几秒后可读到。"),
    "payments_retrieve": _("一笔支付：在哪里付，是否到账。"),
    "plans_list": _("在售算力：余量、单价与券后价，筛选条件与算力市场页面相同。无需令牌。"),
    "plans_retrieve": _("一个在售商品。无需令牌。"),
    "programmes_list": _("补贴项目及资金使用进度。"),
    "programmes_vouchers_create": _("从补贴项目的券池发放算力券。"),
    "projects_list": _("订单记账的项目。"),
    "refunds_list": _("退款及其进度：在线支付退回支付账户，对公转账汇回原账户。"),
    "credit_lines_list": _("企业的合同授信。"),
    "payout_batches_list": _("付款批次，最新的在前。"),
    "payouts_list": _("每一笔付款：付的是哪张结算单或退款，银行怎么说。"),
    "adjustments_list": _("账单之外的调账及两位经办人。"),
    "settlement_terms_list": _("各服务商的结算条款，复核通过后自生效日起使用。"),
    "receipts_list": _("已登记的银行到账。"),
    "receipts_create": _("登记银行到账；同一银行流水号重复提交不产生变化。"),
    "statements_list": _("已生成的结算单，最新的在前。"),
    "statements_create": _("结算至某一时刻之前的全部账单。"),
    "statements_retrieve": _("一份结算单。"),
    "statements_confirmation_create": _("服务商确认结算单；重复提交不产生变化。"),
    "statements_dispute_create": _("服务商对结算单或其中一条账单提出异议。"),
    "tokens_create": _("用账号与密码（HTTP Basic）换取令牌；令牌只显示这一次。"),
    "vouchers_list": _("可查看的算力券及其余额。"),
    "webhooks_list": _("接收事件的地址。"),
    "webhooks_create": _("登记一个接收地址；签名密钥只在此应答中出现一次。"),
    "webhooks_retrieve": _("一个接收地址：事件、是否停用及原因、失败始于何时。"),
    "webhooks_revision_create": _("更改接收地址或事件，密钥不变；从下一条消息起生效。"),
    "webhooks_rotation_create": _("更换签名密钥：新密钥只在此应答中出现一次，旧密钥 24 小时内仍同时签名。"),
    "webhooks_test_create": _("发送一条测试消息；应答中的编号即消息的 webhook-id。"),
    "webhooks_pause_create": _("停止向一个地址发送；重复停用不产生变化。"),
    "webhooks_resumption_create": _("重新启用一个地址，从现在起的事件会发往该地址。"),
    "webhooks_removal_create": _("停止向一个地址发送并删除它。"),
    "wallet_retrieve": _("预存款：可用与冻结金额。"),
}

# HTTP status, and what the caller does next.
PROBLEMS = {
    "parse_error": (400, _("检查 JSON 语法、编码与 Content-Type。")),
    "authorization_pending": (400, _("还没有人同意；按 interval 所示秒数继续查询。")),
    "slow_down": (400, _("查询过快；间隔加长 5 秒后继续查询。")),
    "access_denied": (400, _("有人拒绝了登录请求；停止查询。")),
    "expired_token": (400, _("10 分钟内无人同意；重新请求代码。")),
    "invalid_grant": (400, _("代码无效，或令牌已经取走；重新请求代码。")),
    "not_authenticated": (401, _("在请求头提供 Authorization: Bearer 令牌。")),
    "authentication_failed": (401, _("令牌已吊销、过期或抄写有误；在“访问令牌”页重新创建。")),
    "permission_denied": (403, _("title 写明缺少的权限范围或角色；向单位管理员申请。")),
    "not_verified": (403, _("单位管理员先在“单位与项目”完成企业认证。")),
    "role_ended": (403, _("由在任人员重新创建令牌或接入应用。")),
    "address_not_allowed": (403, _("从允许来源中的地址调用，或在“访问令牌”页修改允许来源。")),
    "not_found": (404, _("核对编号；不属于本单位的对象同样答 404。")),
    "method_not_allowed": (405, _("见 Allow 响应头列出的方法。")),
    "not_acceptable": (406, _("Accept 须允许 application/json。")),
    "export_failed": (200, _("只出现在长任务的 problem 中：缩小条件后重新导出。")),
    "officers_account": (403, _("管理人员的账号不能代表企业；请使用企业账号。")),
    "cannot_pay": (422, _("核对金额范围；支付方式须是 GET /api/v1/payments/ 所示的已开通方式。")),
    "already_reversed": (409, _("该凭证已冲正；如需更正请登记新的调整。")),
    "cannot_settle": (422, _("title 写明原因；更正后重试。")),
    "already_taken": (409, _("该对账单已导入；无需重传。")),
    "bad_statement": (422, _("title 指出行号与原因；更正后整份重传。")),
    "other_amount": (422, _("同一流水号两次金额不同；与银行核对。")),
    "day_closed": (422, _("该日已日结；补充流水请联系平台财务。")),
    "gap": (422, _("先导入中间日期的对账单。")),
    "cannot_adjust": (422, _("title 写明金额或结算单的问题；更正后重试。")),
    "nothing_to_pay": (409, _("没有可付款的结算单；等服务商确认并登记收款账户后再试。")),
    "already_proposed": (409, _("上一次变更还在复核；等平台财务处理。")),
    "not_approved": (422, _("批次复核通过后再下载付款文件。")),
    "cannot_answer": (422, _("title 写明缺少或有误的内容；更正后重试。")),
    "not_offered": (422, _("结算单不在待确认状态；重新读取后再定。")),
    "cannot_cancel": (409, _("订单已结束，无需取消。")),
    "cannot_decide": (409, _("事项已有结果，或由您本人提交；重新读取后再定。")),
    "illegal_move": (409, _("对象已进入其他状态；重新读取后再定。")),
    "insufficient_funds": (409, _("余额不足；减少用量，或转账充值后重试。")),
    "nowhere_to_run": (409, _("余量不足；减少卡数、另选商品或稍后再试。")),
    "cannot_invoice": (422, _("title 写明可开票金额或缺少的信息；更正后重试。")),
    "way_unknown": (422, _("ways 只能含 title 列出的支付方式。")),
    "bill_overdue": (409, _("账单逾期未还；还清后立即可以下单。")),
    "over_budget": (409, _("超出项目本月预算；减少用量或调整预算。")),
    "voucher_not_usable": (409, _("去掉不可用的券，或不传 vouchers 由系统自动选择。")),
    "not_listening": (409, _("地址已停用；先用 POST /api/v1/webhooks/<编号>/resumption/ 重新启用。")),
    "changed_meanwhile": (412, _("重新读取对象，取得新的 ETag 后再提交。")),
    "unsupported_media_type": (415, _("用 application/json；上传文件用 multipart/form-data。")),
    "invalid": (422, _("errors 逐项写明字段（pointer）与原因；改正后重试。")),
    "amount_not_positive": (422, _("金额须大于 0。")),
    "bad_files": (422, _("文件路径须为相对路径，且不能重复。")),
    "cannot_issue": (422, _("按 title 的说明修改后重试。")),
    "cannot_listen": (422, _("地址须为可从互联网访问的 https 地址，见 title。")),
    "cards_out_of_range": (422, _("卡数须在商品允许的范围内，见 cards_max。")),
    "command_missing": (422, _("填写启动命令。")),
    "enterprise_cap": (422, _("减少金额，不超过单家上限。")),
    "expiry_out_of_range": (422, _("有效期须晚于现在且不晚于项目结束时间。")),
    "files_too_big": (422, _("压缩文件，合计不超过 10 MB。")),
    "hours_out_of_range": (422, _("时长须在商品允许的范围内，见 hours_max。")),
    "idempotency_key_reused": (422, _("同一 Idempotency-Key 已用于不同内容；更换一个新键。")),
    "live_key_required": (403, _("此操作不支持试算，试用令牌不能执行；换用正式令牌。")),
    "no_dry_run": (422, _("此操作不支持试算；要正式执行请去掉 dry_run。")),
    "no_price": (422, _("商品暂无有效价格；另选商品。")),
    "not_an_enterprise": (422, _("算力券只能发给企业。")),
    "periods_out_of_range": (422, _("天数或月数超出该商品的范围；承诺期商品不少于承诺的月数。")),
    "begin_out_of_range": (422, _("预留资源从今天到 90 天后的某一天起用。")),
    "renewal_unfit": (422, _("只能续订本单位使用中的预留，同样的卡数，自其到期时起用。")),
    "already_renewed": (422, _("该预留已有续订；要改先取消那份订单。")),
    "reservation_unfit": (422, _("只有作业可以用预留资源，且须是本单位使用中的、同型号同服务商的预留。")),
    "no_reading": (422, _("按期计费的明细没有计量读数；请按金额退费。")),
    "kind_not_open": (422, _("该类商品尚未开放下单；用 GET /api/v1/plans/ 查 is_orderable。")),
    "plan_off_shelf": (422, _("商品已下架；用 GET /api/v1/plans/ 另选。")),
    "pool_exhausted": (422, _("券池余额不足；减少金额或追加预算。")),
    "programme_not_open": (422, _("项目不在发放期内。")),
    "project_closed": (422, _("项目已停用；换一个项目。")),
    "reason_required": (422, _("驳回时须写明理由。")),
    "too_many_exports": (422, _("等排队中的导出完成后再试。")),
    "voucher_expired": (422, _("去掉过期的券。")),
    "voucher_unknown": (422, _("券号不存在或不属于本单位；用 GET /api/v1/vouchers/ 查询。")),
    "watermark_in_future": (422, _("结算时刻不能晚于现在。")),
    "throttled": (429, _("等待 Retry-After 所示秒数后重试。")),
    "error": (500, _("系统出错，已经记录；稍后重试，仍有问题请提供 request_id。")),
    "temporarily_unavailable": (503, _("稍后用相同内容重试。")),
}

# Newest first; what is only added breaks no program, and nothing is taken away before its Sunset.
CHANGES = (
    (
        "2026-11-22",
        _("展开：expand 把订单、账单、算力券、审批等所指对象的编号换成该对象本身，一次读全。"),
    ),
    (
        "2026-11-22",
        _(
            "长任务列表分页：GET /api/v1/operations/ 与其他列表一样答 results、next、previous，不再只是最近一百个。"
        ),
    ),
    (
        "2026-11-22",
        _(
            "Webhook：接收地址可单独读取（ETag），并可更换密钥、测试、停用与启用；这些写操作与删除都认 If-Match。"
        ),
    ),
    (
        "2026-11-22",
        _("终端登录：device-logins 请求代码，有人在浏览器同意后由 device-logins/key 取走令牌（RFC 8628）。"),
    ),
    (
        "2026-11-22",
        _("试用令牌（pc_test_）：照常查询，写操作都按 dry_run=true 处理；不支持试算的操作答 403。"),
    ),
    (
        "2026-11-22",
        _(
            "并发：结算单的确认与异议、月账单付款也认 If-Match。重复的充值与开票申请也标 Idempotent-Replayed。"
        ),
    ),
    ("2026-11-22", _("试算：动钱、动订单的写操作都可加 dry_run=true；不支持的操作答 422，不再照常执行。")),
    (
        "2026-11-22",
        _("资金：refunds、credit-lines、payout-batches、payouts、adjustments、settlement-terms。"),
    ),
    ("2026-11-21", _("令牌末尾带校验位，可限来源地址（networks），更换密钥后旧密钥 24 小时内仍可用。")),
    ("2026-11-21", _("长任务：exports 与 operations；取消作业未停的订单答 202 与 Location。")),
    ("2026-11-21", _("第一版。")),
)

CONVENTIONS = (
    _(
        "列表：limit 最多 200；沿 next 或 Link 响应头翻页；筛选条件与页面网址中的名称相同；fields 只取需要的字段。"
    ),
    _(
        "展开：expand=plan,project 把所指对象的编号换成该对象本身，只展开一层；须能读取该对象，看不到的或已不存在的仍为编号。If-Match 只认不展开时的 ETag。"
    ),
    _(
        "重复请求：下单、充值、开票、发券须带 Idempotency-Key；同键同内容只执行一次，重复时响应头为 Idempotent-Replayed: true。"
    ),
    _(
        "试算：写操作加 dry_run=true 时做全部检查、给出应答（响应头 Dry-Run: true），但什么都不留下；其中的编号不会存在。试用令牌（pc_test_）的写操作总是如此。"
    ),
    _("* 为必填。"),
    _("长任务：答 202 与 Location；按 Retry-After 再读该地址，直到 state 不再是 running。"),
    _("并发：读取时得到 ETag；带 If-None-Match 再读，未变化答 304；带 If-Match 提交，已变化答 412。"),
    _(
        "停用：要停用的操作在应答中带 Deprecation 与 Sunset（停用时刻），并在本页写明替代的操作；至少提前六个月。"
    ),
    _("频次：RateLimit 响应头写明余量；超出时答 429，暂不可用时答 503，均按 Retry-After 等待。"),
    _("金额为元的十进制字符串；时间为带时区的 RFC 3339；每个应答带 X-Request-Id，报障时请提供。"),
)


def say(result, generator, request, public):
    """Each operation in the reader's words; docstrings are for those who read the code."""
    for item in result["paths"].values():
        for operation in item.values():
            operation["summary"] = str(OPERATIONS.get(operation["operationId"], ""))
            operation.pop("description", None)
    for schema in result["components"]["schemas"].values():
        if schema.get("type") == "object":
            schema.pop("description", None)
    return result
