"""How far each project has come with its budget."""

from marketplace.budgets.models import BudgetMark
from marketplace.orders.queries import committed_by_project, month_start
from portal.organizations.models import Project


def marks_of(project) -> dict[BudgetMark.Kind, int]:
    """At which percents of the budget something happens."""
    percents = {
        BudgetMark.Kind.REMIND: project.remind_percent,
        BudgetMark.Kind.STOP_NEW: project.stop_new_percent,
        BudgetMark.Kind.STOP_ALL: project.stop_all_percent,
    }
    return {kind: percent for kind, percent in percents.items() if percent} if project.monthly_budget else {}


def with_spent(projects, at):
    """The same projects, each knowing what it has `spent` this month, and how many percent of its budget that is."""
    found = list(projects)
    spent = committed_by_project(found, at)
    for project in found:
        project.spent = spent.get(project.id, 0)
        project.spent_percent = project.monthly_budget and project.spent * 100 // project.monthly_budget
    return found


def at_a_mark(at):
    """Projects that have come to a mark of this month's budget which nobody has acted upon."""
    projects = with_spent(Project.objects.filter(monthly_budget__gt=0).order_by("id"), at)
    acted = set(
        BudgetMark.objects.filter(month=month_start(at).date()).values_list("project_id", "kind", "budget")
    )
    return [
        project
        for project in projects
        if any(
            project.spent * 100 >= project.monthly_budget * percent
            and (project.id, kind, project.monthly_budget) not in acted
            for kind, percent in marks_of(project).items()
        )
    ]
