"""The closed list of what can stand in the record, and what each line means to a reader."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "account.signed_up": _("注册账号"),
    "account.signed_in": _("登录"),
    "account.signed_out": _("退出登录"),
    "account.sign_in_failed": _("登录失败"),
    "account.password_changed": _("修改密码"),
    "account.password_set": _("设置密码"),
    "account.password_reset": _("通过邮件重设密码"),
    "account.email_added": _("添加邮箱"),
    "account.email_changed": _("更换主邮箱"),
    "account.email_confirmed": _("确认邮箱"),
    "account.email_removed": _("移除邮箱"),
    "organization.founded": _("企业加入平台"),
    "project.opened": _("新建项目"),
    "project.changed": _("修改项目设置"),
    "token.issued": _("创建访问令牌"),
    "token.revoked": _("吊销访问令牌"),
    "approval.requested": _("提交审批"),
    "approval.approved": _("同意审批"),
    "approval.rejected": _("驳回审批"),
    "order.placed": _("下单，已冻结资金与算力"),
    "order.confirmed": _("审批通过"),
    "order.started": _("集群开始运行"),
    "order.cancel_requested": _("申请取消"),
    "order.billed": _("按计量结算"),
    "order.refunded": _("全额退回"),
    "order.cancelled": _("已取消"),
    "order.rejected": _("审批未通过"),
    "order.expired": _("审批超时"),
    "workload.accepted": _("集群接受作业"),
    "workload.cancel_requested": _("申请停止作业"),
    "workload.overran": _("作业到时，停止中"),
    "workload.succeeded": _("作业完成"),
    "workload.failed": _("作业失败"),
    "workload.cancelled": _("作业已停止"),
    "workload.lost": _("作业失联"),
    "bill.posted": _("出账"),
    "receipt.recorded": _("登记到账"),
    "statement.closed": _("生成结算单"),
    "voucher.issued": _("发放算力券"),
    "voucher.expired": _("算力券到期"),
    "programme.published": _("发布补贴项目"),
    "policy.published": _("发布补贴政策"),
}


def meaning(name: str) -> str:
    """An event in the reader's words."""
    return str(EVENTS.get(name, name))
