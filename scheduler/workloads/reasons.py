"""Why a piece of work ended as it did, or why it waits, in human words."""

from django.utils.translation import gettext as _


def sentence(reason: str, exit_code=None) -> str:
    """One sentence for the buyer; an unknown word is shown as it is."""
    match reason:
        case "":
            return ""
        case "exit_code":
            return _("您的程序以退出码 %(code)s 结束，请查看日志末尾。") % {"code": exit_code}
        case "time_limit":
            return _("已用完订购的时长，作业被停止。")
        case "stopped":
            return _("作业已按要求停止。")
        case "cancelled":
            return _("作业在提交到集群之前已取消。")
        case "environment":
            return _("集群未能准备好运行环境，本次不收费。")
        case "no_capacity":
            return _("集群未能在时限内分配到卡，本次不收费。")
        case "node_lost":
            return _("运行作业的节点失联，本次不收费。")
        case "stopped_by_cluster":
            return _("集群方停止了该作业，本次不收费。")
        case "rejected":
            return _("集群拒绝了该作业，本次不收费。")
        case "lost":
            return _("与集群失去联系，作业已按失联处理，本次不收费。")
        case "unreachable" | "throttled" | "unknown":
            return _("正在重新联系集群。")
        case "auth_expired":
            return _("平台与集群之间的凭证失效，已通知服务商。")
    return reason
