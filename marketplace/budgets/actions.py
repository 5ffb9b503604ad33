"""Telling people that a project nears its budget, and stopping its work where they asked for it."""

from django.db import transaction
from django.utils.translation import gettext_noop

from marketplace.budgets.models import BudgetMark
from marketplace.budgets.queries import marks_of
from marketplace.orders import actions as orders
from marketplace.orders.models import Order
from marketplace.orders.queries import committed_in_month, month_start
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.models import Project
from portal.shell.codes import new_code
from portal.shell.money import yuan

SENTENCES = {
    BudgetMark.Kind.REMIND: gettext_noop(
        "项目“%(project)s”本月已用 ¥%(spent)s，达到预算 ¥%(budget)s 的 %(percent)s%%"
    ),
    BudgetMark.Kind.STOP_NEW: gettext_noop(
        "项目“%(project)s”本月已用 ¥%(spent)s，达到预算 ¥%(budget)s 的 %(percent)s%%，不再接受新订单"
    ),
    BudgetMark.Kind.STOP_ALL: gettext_noop(
        "项目“%(project)s”本月已用 ¥%(spent)s，达到预算 ¥%(budget)s 的 %(percent)s%%，运行中的作业正在停止"
    ),
}


def follow(*, project_id, at) -> list[BudgetMark]:
    """Do what the marks ask for that a project has passed this month. Each once; saying it twice changes nothing."""
    month = month_start(at).date()
    with transaction.atomic():
        # The lock under which orders are placed: none slips in between the sum and the stop.
        project = (
            Project.objects.select_for_update(of=("self",), no_key=True)
            .select_related("organization")
            .get(id=project_id)
        )
        spent = committed_in_month(project, at)
        known = set(
            BudgetMark.objects.filter(
                project=project, month=month, budget=project.monthly_budget
            ).values_list("kind", flat=True)
        )
        passed = [
            BudgetMark.objects.create(
                code=new_code("BM"),
                project=project,
                month=month,
                kind=kind,
                percent=percent,
                budget=project.monthly_budget,
                spent=spent,
                passed_at=at,
            )
            for kind, percent in marks_of(project).items()
            if kind not in known and spent * 100 >= project.monthly_budget * percent
        ]
        for mark in passed:
            _tell(project, mark, at)
        if any(mark.kind == BudgetMark.Kind.STOP_ALL for mark in passed):
            for order in Order.objects.filter(project=project).open().order_by("id"):
                orders.stop(order_id=order.id, reason="over_budget", at=at)
    return passed


def _tell(project, mark, at):
    audit.record(
        project,
        "project.budget_reached",
        by=None,
        action=mark.kind,
        percent=mark.percent,
        spent=mark.spent,
        budget=mark.budget,
    )
    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence=SENTENCES[BudgetMark.Kind(mark.kind)],
        values={
            "project": project.name,
            "spent": yuan(mark.spent),
            "budget": yuan(mark.budget),
            "percent": mark.percent,
        },
        url="/budgets/",
        at=at,
        organization=project.organization,
        action="budgets.manage",
    )
