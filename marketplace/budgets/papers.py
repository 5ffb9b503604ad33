"""The budgets of a month as a paper."""

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.shell.columns import Column
from portal.shell.pdf import MOST_LINES, Paper, Table

PROJECTS = (
    Column("name", gettext_lazy("项目名称")),
    Column("code", gettext_lazy("项目编号")),
    Column("monthly_budget", gettext_lazy("月度预算"), "money", total="monthly_budget"),
    Column("spent", gettext_lazy("本月已用"), "money", total="spent"),
    Column("spent_percent", gettext_lazy("进度"), "number", unit="%"),
    Column("stop_new_percent", gettext_lazy("停止新订单"), "number", unit="%"),
)


def budget_paper(organization, projects, *, by, at) -> Paper:
    """What each project may use this month and has used so far."""
    month = localtime(at)
    return Paper(
        title=_("%(month)s 预算执行表") % {"month": f"{month:%Y-%m}"},
        code=f"BUDGET-{organization}-{month:%Y%m}",
        facts=[(_("账期"), f"{month:%Y-%m}"), (_("项目数"), str(len(projects)))],
        tables=[Table(_("项目"), PROJECTS, projects[:MOST_LINES])],
        notes=[_("已用 = 本月下的订单冻结或已计费的金额。")],
        author=str(by),
        at=at,
        amount=sum(project.spent for project in projects),
    )
