"""A firm's purse."""

from django.shortcuts import render

from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance, moves
from portal.accounts.scoping import acting_for, require


@require("wallet.view")
def wallet(request):
    """What there is to spend, what is set aside, and every movement of the prepaid balance."""
    organization = acting_for(request, "wallet.view")
    context = {
        "organization": organization,
        "available": balance(Kind.PREPAID, organization.code),
        "held": balance(Kind.PREPAID_HELD, organization.code),
        "moves": moves(Kind.PREPAID, organization.code)[:50],
    }
    return render(request, "funding/wallet.html", context)
