"""What a bill lays on the desk of whoever may pay it."""

from django.utils.translation import gettext as _

from marketplace.billing.models import Bill
from marketplace.billing.queries import unpaid
from marketplace.ledger.models import Kind
from marketplace.orders.desk import purse
from portal.accounts.permissions import serves
from portal.shell.entries import Figure, address
from portal.shell.money import yuan


def bill_figures(request) -> list[Figure]:
    """What is still to be paid, and until when."""
    if not request.organization or not serves(request.user, "bills.pay", request.organization):
        return []
    if not purse(request).get(Kind.RECEIVABLE):
        return []
    owed = unpaid(request.organization)
    if not owed["count"]:
        return []
    note = _("还款日 %(on)s") % {"on": f"{owed['due_on']:%Y-%m-%d}"}
    here = address("billing:list", status=Bill.Status.DUE) if owed["count"] == 1 else address("billing:list")
    return [Figure(_("待还账单"), yuan(owed["due"]), _("元"), here, note, "receipt", "warn")]
