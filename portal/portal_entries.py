"""The ground floor's own doors."""

from django.utils.translation import gettext_lazy as _

from portal.approvals import tables as approvals
from portal.audit.models import Event
from portal.notices import tables as notices
from portal.shell.entries import Gauge, Navigation
from portal.tokens import tables as tokens

navigation = [
    Navigation(_("首页"), "home", order=1, icon="home"),
    Navigation(_("工作台"), "desk", section="account", order=1, icon="desk", action="members.view"),
    Navigation(
        _("审批"), "approvals:list", section="enterprise", order=40, icon="check", action="approvals.view"
    ),
    Navigation(_("通知"), "notices:list", section="account", order=10, icon="bell", action="members.view"),
    Navigation(
        _("单位与项目"),
        "organizations:settings",
        section="account",
        order=20,
        icon="building",
        action="members.view",
    ),
    Navigation(
        _("成员与权限"), "members:list", section="account", order=25, icon="people", action="members.view"
    ),
    Navigation(
        _("单位入驻"),
        "members:onboard",
        section="platform",
        order=10,
        icon="building",
        action="onboarding.manage",
    ),
    Navigation(_("访问令牌"), "tokens:list", section="account", order=30, icon="key", action="members.view"),
    Navigation(
        _("账号与安全"),
        "entrance:security",
        section="account",
        order=40,
        icon="shield",
        action="members.view",
    ),
    Navigation(
        _("人员账号"), "entrance:people", section="platform", order=80, icon="people", action="people.manage"
    ),
    Navigation(
        _("锁定账号"), "entrance:locked", section="platform", order=81, icon="alert", action="people.manage"
    ),
    Navigation(_("审计记录"), "audit:list", section="account", order=90, icon="shield", action="audit.view"),
    Navigation(
        _("驾驶舱"), "cockpit:board", section="government", order=1, icon="gauge", action="cockpit.view"
    ),
]
screens = [approvals.screen, notices.screen, tokens.screen]


def the_record():
    """Events that wait for their place in the chain: growing means that sealing has stopped."""
    yield Gauge(
        "portal_unsealed_events",
        "Audit events not yet chained",
        (),
        {(): float(Event.objects.unsealed().count())},
    )


gauges = [the_record]
