"""How far each project has come with its month, and what that brought about."""

from marketplace.budgets import tables
from portal.accounts.scoping import require
from portal.shell.screens import show


@require("projects.view")
def listing(request):
    """The projects I may see with what they have spent."""
    return show(request, tables.screen, "budgets/list.html")


@require("projects.view")
def marks(request):
    """When projects came to a mark of their budget."""
    return show(request, tables.marks)
