"""The ground floor's own doors."""

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.approvals import tables as approvals
from portal.approvals.models import Approval
from portal.audit import queries as record
from portal.backups import queries as backups
from portal.developers import tables as developers
from portal.entrance import tables as entrance
from portal.help.articles import about
from portal.home import desk as home_desk
from portal.incidents import tables as incidents
from portal.lists import queries as lists
from portal.lists import tables as exports
from portal.lists.models import Export
from portal.members.models import AccessReview
from portal.notices import tables as notices
from portal.organizations.api import ProjectSerializer, whole_projects
from portal.organizations.models import Project
from portal.recovery import tables as recovery
from portal.shell.entries import Expandable, Gauge, Hit, LongWork, Navigation, Task, ToDo
from portal.sso import tables as sso
from portal.tokens import tables as tokens
from portal.verification import tables as verification
from portal.verification.models import Verification
from portal.watch import tables as watch
from portal.webhooks import tables as webhooks

navigation = [
    Navigation(_("首页"), "home", order=1, icon="home"),
    Navigation(_("工作台"), "desk", section="desk", order=1, icon="desk", action="members.view"),
    Navigation(
        _("审批"), "approvals:list", section="enterprise", order=40, icon="check", action="approvals.view"
    ),
    Navigation(_("我的待办"), "todo", section="desk", order=2, icon="check", action="members.view"),
    Navigation(_("通知"), "notices:list", section="desk", order=10, icon="bell", action="members.view"),
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
    Navigation(
        _("企业认证审核"),
        "verification:list",
        section="platform",
        order=11,
        icon="approve",
        action="verifications.review",
    ),
    Navigation(
        _("开发者中心"),
        "developers:centre",
        section="account",
        order=28,
        icon="code",
        action="members.view",
    ),
    Navigation(
        _("请求日志"),
        "developers:requests",
        section="account",
        order=37,
        icon="list",
        action="members.view",
    ),
    Navigation(_("访问令牌"), "tokens:list", section="account", order=30, icon="key", action="members.view"),
    Navigation(
        _("应用接入"),
        "tokens:applications",
        section="account",
        order=35,
        icon="link",
        action="applications.manage",
    ),
    Navigation(
        _("Webhook"), "webhooks:list", section="account", order=36, icon="link", action="webhooks.manage"
    ),
    Navigation(
        _("账号与安全"),
        "entrance:security",
        section="account",
        order=40,
        icon="shield",
        action="members.view",
    ),
    Navigation(
        _("故障与维护"),
        "incidents:list",
        section="platform",
        order=70,
        icon="alert",
        action="incidents.manage",
    ),
    Navigation(
        _("统一登录"), "sso:list", section="platform", order=79, icon="link", action="city_systems.manage"
    ),
    Navigation(
        _("人员账号"), "entrance:people", section="platform", order=80, icon="people", action="people.manage"
    ),
    Navigation(
        _("锁定账号"), "entrance:locked", section="platform", order=81, icon="alert", action="people.manage"
    ),
    Navigation(
        _("第二因素重置"),
        "recovery:list",
        section="platform",
        order=83,
        icon="shield",
        action="factors.reset",
    ),
    Navigation(_("安全告警"), "watch:list", section="platform", order=82, icon="alert", action="alarms.view"),
    Navigation(_("审计记录"), "audit:list", section="account", order=90, icon="shield", action="audit.view"),
    Navigation(
        _("驾驶舱"), "cockpit:board", section="government", order=1, icon="gauge", action="cockpit.view"
    ),
]


def the_record():
    """Events that wait for their place in the chain: growing means that sealing has stopped."""
    yield Gauge(
        "portal_unsealed_events",
        "Audit events not yet chained",
        (),
        {(): float(record.unsealed_count())},
    )


def the_copies():
    """How old the newest whole copy of the rows is, and whether the last try came to nothing."""
    if newest := backups.newest_at():
        age = (timezone.now() - newest).total_seconds()
        yield Gauge("portal_backup_age_seconds", "Age of the newest whole backup", (), {(): age})
    is_failed = backups.state(timezone.now()) == "failed"
    yield Gauge("portal_backup_failed", "The last backup failed", (), {(): float(is_failed)})


gauges = [the_record, the_copies]


screens = [
    approvals.screen,
    developers.screen,
    entrance.screen,
    exports.screen,
    incidents.screen,
    notices.screen,
    tokens.screen,
    tokens.applications.screen,
    sso.systems.screen,
    verification.screen,
    watch.screen,
    recovery.resets.screen,
    webhooks.endpoints.screen,
    webhooks.screen,
]
list_starts = [lists.start_of]


def projects(user, words, limit):
    """My firms' projects, by name or the beginning of their code."""
    rows = Project.objects.visible_to(user) if user.is_authenticated else Project.objects.none()
    found = rows.filter(Q(name__icontains=words) | Q(code__istartswith=words)).order_by("-id")[:limit]
    return [
        Hit(p.name, reverse("organizations:change_project", args=[p.code]), gettext("项目"), p.code)
        for p in found
    ]


def _waiting(approval):
    return Task(
        approval.summary,
        approval.get_absolute_url(),
        approval.requested_at,
        approval.requested_by,
        approval.status,
        approval.get_status_display(),
    )


def _proving(verification):
    is_ours = verification.status == Verification.Status.RETURNED
    return Task(
        gettext("%(organization)s 的企业认证") % {"organization": verification.organization},
        reverse("verification:apply") if is_ours else verification.get_absolute_url(),
        verification.submitted_at,
        verification.submitted_by,
        verification.status,
        verification.get_status_display(),
    )


def _reviewing(review):
    return Task(
        gettext("%(organization)s 的权限复核") % {"organization": review.organization},
        review.get_absolute_url(),
        review.opened_at,
        due=review.due_at,
    )


def _writing(export):
    return Task(
        gettext("导出 %(form)s") % {"form": export.form.upper()},
        reverse("lists:exports"),
        export.requested_at,
        state=export.status,
        state_word=export.get_status_display(),
    )


def help_articles(user, words, limit):
    """Help on these words."""
    return [
        Hit(str(a.title), reverse("help:article", args=[a.code]), gettext("帮助"))
        for a in about(words)[:limit]
    ]


searchers = [projects, help_articles]
expandables = {"projects": Expandable("orders:read", ProjectSerializer, whole_projects)}
long_works = [
    LongWork(lists.exports_for_programs, "requested_at", Export.OPERATION_STATES, lists.as_operation)
]
desk_figures = [home_desk.keepers_figures]
todos = [
    ToDo(
        _("审批"),
        awaiting=lambda user: Approval.objects.awaiting(user).select_related("requested_by"),
        submitted=lambda user: (
            Approval.objects.visible_to(user)
            .pending()
            .filter(requested_by=user)
            .select_related("requested_by")
        ),
        task=_waiting,
        url_name="approvals:list",
    ),
    ToDo(
        _("企业认证"),
        awaiting=lambda user: Verification.objects.awaiting(user).select_related(
            "organization", "submitted_by"
        ),
        submitted=lambda user: (
            Verification.objects.waiting()
            .filter(submitted_by=user)
            .select_related("organization", "submitted_by")
        ),
        task=_proving,
    ),
    ToDo(
        _("权限复核"),
        awaiting=lambda user: AccessReview.objects.awaiting(user).select_related("organization"),
        submitted=lambda user: AccessReview.objects.none(),
        task=_reviewing,
    ),
    ToDo(
        _("导出文件"),
        awaiting=lambda user: Export.objects.none(),
        submitted=lambda user: (
            Export.objects.visible_to(user).filter(status=Export.Status.QUEUED).defer("content")
        ),
        task=_writing,
        url_name="lists:exports",
    ),
]
