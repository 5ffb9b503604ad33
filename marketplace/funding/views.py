"""A firm's purse, and what finance lets it owe."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.funding import actions as funding
from marketplace.funding import tables
from marketplace.funding.forms import CreditForm
from marketplace.funding.models import CreditLine
from marketplace.funding.queries import credit_line
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance, moves
from portal.accounts.permissions import can
from portal.accounts.scoping import acting_for, require, require_action
from portal.approvals.models import Approval
from portal.shell.exceptions import Refusal
from portal.shell.screens import RecordScreen, show


@require("wallet.view")
def wallet(request):
    """What there is to spend, what is set aside, what is owed, and every movement of the prepaid balance."""
    organization = acting_for(request, "wallet.view")
    context = {
        "organization": organization,
        "available": balance(Kind.PREPAID, organization.code),
        "held": balance(Kind.PREPAID_HELD, organization.code),
        "credit": credit_line(organization),
        "credit_free": balance(Kind.CREDIT_FREE, organization.code),
        "owed": balance(Kind.RECEIVABLE, organization.code),
        "columns": tables.MOVES,
        "moves": moves(Kind.PREPAID, organization.code)[:50],
    }
    return render(request, "funding/wallet.html", context)


@require("credit.view")
def credit(request):
    """Who may owe how much, and the form for the next."""
    may_propose = can(request.user, "credit.manage")
    form = CreditForm(request.POST or None)
    if request.method == "POST":
        require_action(request.user, "credit.manage")
        if form.is_valid():
            try:
                funding.propose_credit(**form.cleaned_data, by=request.user, at=timezone.now())
            except Refusal as refusal:
                form.add_error(refusal.field, refusal.message)
            else:
                messages.success(request, _("已提出，等待另一位财务复核。"))
                return redirect("funding:credit")
    return show(
        request,
        tables.screen,
        "funding/credit.html",
        status=422 if form.errors else 200,
        form=form if may_propose else None,
    )


def _credit_line(request, code):
    rows = CreditLine.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("organization", "proposed_by"), code=code)


@require("credit.view")
def credit_detail(request, code):
    """One credit line, what is taken of it, and where a second person's word is asked."""
    line = _credit_line(request, code)
    owner = line.organization.code
    context = {
        "record": RecordScreen(
            line, line.code, str(line.organization), _("企业授信"), reverse("funding:credit"), "status"
        ),
        "line": line,
        "facts": tables.FACTS,
        "free": balance(Kind.CREDIT_FREE, owner),
        "taken": balance(Kind.CREDIT_HELD, owner) + balance(Kind.CREDIT_USED, owner),
        "approval": Approval.objects.filter(kind=funding.CREDIT_APPROVAL, subject_code=line.code).first(),
    }
    return render(request, "funding/credit_line.html", context)
