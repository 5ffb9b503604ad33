"""How far each project has come with its month, and what that brought about."""

from django.utils import timezone
from django.views.decorators.http import require_safe

from marketplace.budgets import tables
from marketplace.budgets.papers import budget_paper
from marketplace.budgets.queries import with_spent
from portal.accounts.scoping import require
from portal.organizations.models import Project
from portal.papers import actions as papers
from portal.shell.responses import paper_response
from portal.shell.screens import show


@require("projects.view")
def listing(request):
    """The projects I may see with what they have spent."""
    return show(request, tables.screen, "budgets/list.html")


@require_safe
@require("projects.view")
def paper(request):
    """The same projects as a PDF."""
    now = timezone.now()
    rows = Project.objects.visible_to(request.user).order_by("organization__name", "name")
    organization = request.organization.code if request.organization else "CITY"
    printed = budget_paper(organization, with_spent(rows, now), by=request.user, at=now)
    return paper_response(papers.vouch(printed))


@require("projects.view")
def marks(request):
    """When projects came to a mark of their budget."""
    return show(request, tables.marks)
