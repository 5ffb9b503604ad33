"""The front door, and the desk of whoever signed in."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render

from portal.accounts.permissions import memberships
from portal.home import queries
from portal.shell import entries


def home(request):
    """What is on offer, and where each kind of visitor begins."""
    return render(
        request, "home/home.html", {"figures": [figure for make in entries.figures() for figure in make()]}
    )


@login_required
def desk(request):
    """What waits for this person, and what they may do next."""
    if not memberships(request.user):
        return redirect("organizations:found")
    context = {
        "todo": queries.awaiting(request),
        "figures": [figure for make in entries.desk_figures() for figure in make(request)],
        "steps": [step for make in entries.first_steps() for step in make(request)],
        "piles": [pile for make in entries.desk_piles() for pile in make(request)],
        "notices": request.user.notices.all()[:6],
    }
    return render(request, "home/desk.html", context)


@login_required
def todo(request):
    """What waits for me, by kind, the oldest first."""
    return render(request, "home/todo.html", {"piles": queries.awaiting(request)})


@login_required
def submitted(request):
    """What I handed in and others have in hand."""
    context = {"piles": queries.submitted(request.user), "is_mine": True}
    return render(request, "home/todo.html", context)
