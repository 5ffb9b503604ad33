"""What was used and what it cost, line by line."""

from marketplace.billing.tables import screen
from portal.accounts.scoping import require
from portal.shell.screens import show


@require("bills.view")
def listing(request):
    """Bill lines, newest first, with their totals."""
    return show(request, screen)
