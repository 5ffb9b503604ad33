"""The list of budgets, and of the marks that were passed."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.budgets.models import BudgetMark
from marketplace.budgets.queries import with_spent
from portal.organizations.models import Project
from portal.shell.filters import Filters
from portal.shell.screens import Column, Empty, ListScreen


class BudgetFilters(Filters):
    words = ("name", "^code")
    hint = _("项目名称或编号")


screen = ListScreen(
    "budgets",
    _("预算"),
    lead=_(
        "每个项目每月可以用多少；已用 = 本月下的订单冻结或已计费的金额。用到阈值时提醒、停止新订单或全部停止。"
    ),
    rows=lambda user: Project.objects.visible_to(user),
    action="projects.view",
    scope="orders:read",
    filters=BudgetFilters,
    prepare=lambda projects: with_spent(projects, timezone.now()),
    columns=(
        Column("name", _("项目名称"), template="budgets/_name.html"),
        Column("code", _("项目编号"), "code", beneath="name"),
        Column("organization", _("单位"), is_optional=True),
        Column("monthly_budget", _("月度预算"), "money", sort="monthly_budget", total="monthly_budget"),
        Column("spent", _("本月已用"), "money"),
        Column("share", _("进度"), template="budgets/_share.html", is_on_paper=False),
        Column("remind_percent", _("提醒"), "number", unit="%"),
        Column("stop_new_percent", _("停止新订单"), "number", unit="%"),
        Column("stop_all_percent", _("全部停止"), "number", unit="%"),
    ),
    empty=Empty(_("还没有项目"), _("管理员在“单位与项目”中新建项目。"), icon="gauge"),
)


class MarkFilters(Filters):
    words = ("project__name", "^project__code")
    hint = _("项目名称或编号")


marks = ListScreen(
    "budget-marks",
    _("预算记录"),
    rows=lambda user: BudgetMark.objects.visible_to(user),
    action="projects.view",
    filters=MarkFilters,
    tabs="kind",
    columns=(
        Column("passed_at", _("时间"), "time", sort="passed_at"),
        Column("code", _("记录号"), "code", is_optional=True),
        Column("project", _("项目"), value="project.name"),
        Column("organization", _("单位"), value="project.organization", is_optional=True),
        Column("kind", _("动作"), "choice"),
        Column("percent", _("阈值"), "number", unit="%"),
        Column("budget", _("月度预算"), "money"),
        Column("spent", _("当时已用"), "money"),
    ),
    empty=Empty(_("没有记录"), _("项目用到预算的阈值时，提醒与停止会记在这里。"), icon="bell"),
)
