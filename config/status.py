"""Does everything run? A page for everybody that answers even when the database does not."""

from dataclasses import dataclass

from django.db import DatabaseError
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import health
from federation.clusters.models import Cluster
from portal.incidents.queries import told
from portal.shell.city import city

PATH = "/status/"
LATE_SECONDS = 120
GOOD, SLOW, BAD = "online", "connecting", "offline"


class AskedByAStranger:
    """Whoever asks for the status is nobody in particular: no session is read, so none can be missing."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path == PATH:
            request.COOKIES = {
                k: v
                for k, v in request.COOKIES.items()
                if k in ("theme", "text", "contrast", "django_language")
            }
        return self.get_response(request)


@dataclass(frozen=True)
class Component:
    """A part of the platform, its state in a machine's word and in a reader's, and what that means to people."""

    name: str
    state: str
    word: str
    note: str = ""


def components(at) -> list[Component]:
    """Every part that people depend on, asked now."""
    found = [Component(_("网站"), GOOD, _("正常"), _("本页能打开，说明网站在运行。"))]
    has_rows = health.database() == "ok"
    found.append(
        Component(_("业务数据"), GOOD, _("正常"))
        if has_rows
        else Component(
            _("业务数据"), BAD, _("中断"), _("暂时不能登录与下单；已提交的订单不受影响，恢复后继续处理。")
        )
    )
    found.append(
        Component(_("后台处理队列"), GOOD, _("正常"))
        if health.queue() == "ok"
        else Component(
            _("后台处理队列"), BAD, _("中断"), _("调度与出账会推迟，恢复后自动补上，不会重复扣款。")
        )
    )
    return found + (_clusters(at) + _copies() if has_rows else [])


def _copies() -> list[Component]:
    return {
        "ok": [Component(_("数据备份"), GOOD, _("正常"))],
        "late": [
            Component(_("数据备份"), SLOW, _("延迟"), _("最近一份备份已超过 26 小时，运维人员须处理。"))
        ],
        "failed": [Component(_("数据备份"), SLOW, _("未成功"), _("最近一次备份未成功，系统每小时重试。"))],
    }.get(health.copies(), [])


def _clusters(at) -> list[Component]:
    try:
        seen = Cluster.objects.aggregate(
            every=Count("id"),
            online=Count("id", filter=Q(state=Cluster.State.ONLINE)),
            probed=Max("probed_at"),
        )
    except DatabaseError:
        return []
    words = _("%(online)s / %(every)s 个集群在线") % seen
    state = GOOD if seen["online"] == seen["every"] else SLOW if seen["online"] else BAD
    word = _("正常") if state == GOOD else _("部分中断") if state == SLOW else _("中断")
    found = [Component(_("算力集群"), state, word, words)]
    if seen["probed"]:
        is_late = (at - seen["probed"]).total_seconds() > LATE_SECONDS
        found.append(
            Component(_("容量同步与调度"), SLOW, _("延迟"), _("余量可能不是最新，下单时会再次核对。"))
            if is_late
            else Component(_("容量同步与调度"), GOOD, _("正常"))
        )
    return found


def _told(at):
    """What the operator said; nothing while the database is away."""
    try:
        return told(at)
    except DatabaseError:
        return []


@require_safe
@never_cache
def page(request):
    """The state of every component, at this moment."""
    at = timezone.now()
    found = components(at)
    incidents = _told(at)
    is_good = all(component.state == GOOD for component in found) and not any(
        incident.state == "lasting" for incident in incidents
    )
    body = render_to_string(
        "status.html",
        {
            "city": city(),
            "status": "",
            "components": found,
            "incidents": incidents,
            "is_good": is_good,
            "at": at,
            "theme": request.COOKIES.get("theme", "auto"),
            "text": request.COOKIES.get("text", "normal"),
            "contrast": request.COOKIES.get("contrast", ""),
            "other_language": "zh-hans" if (get_language() or "").startswith("en") else "en",
        },
    )
    return HttpResponse(body)
