"""The engine's machine words in human words."""

from django.utils.translation import gettext as _

from scheduler.engine import Reason


def sentence(reason, candidate, inputs) -> str:
    """Why this pool was, or was not, chosen, as one sentence for the buyer."""
    values = {
        "free": candidate.get("cards_free", 0),
        "cards": inputs.get("cards", 0),
        "rank": candidate.get("rank") or 0,
        "minutes": round(inputs.get("max_age_seconds", 0) / 60),
    }
    match Reason(reason):
        case Reason.CHOSEN:
            return _("综合得分最高，且能一次放下全部 %(cards)d 张卡。") % values
        case Reason.OUTSCORED:
            return _("可以运行，综合得分排第 %(rank)d。") % values
        case Reason.WRONG_ACCELERATOR:
            return _("卡型不同。")
        case Reason.OTHER_PROVIDER:
            return _("属于其他服务商，不在所选商品的价格之内。")
        case Reason.CLUSTER_OFFLINE:
            return _("集群离线。")
        case Reason.CLUSTER_CONNECTING:
            return _("集群正在连接，暂不接收新作业。")
        case Reason.STALE_DATA:
            return _("容量数据已超过 %(minutes)d 分钟未更新，不可信。") % values
        case Reason.HOURS_TOO_LONG:
            return _("所需时长超过该集群单个作业的上限。")
        case Reason.NOT_ENOUGH_CARDS:
            return _("空闲 %(free)d 张卡，不足 %(cards)d 张。") % values
        case Reason.GANG_TOO_WIDE:
            return _("需要的节点数超过该集群单个作业可跨的节点数。")
        case Reason.GANG_DOES_NOT_FIT:
            return _("空闲 %(free)d 张卡分散在各节点，凑不出所需的整节点。") % values


def part_names() -> dict[str, str]:
    """The names of the score's parts, in the order they are told."""
    return {
        "price": _("价格"),
        "district": _("就近"),
        "fragment": _("减少碎片"),
        "energy": _("能效"),
        "freshness": _("数据新鲜度"),
        "best_fit": _("节点贴合度"),
    }
