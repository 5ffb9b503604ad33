"""A person's identifiers, shown in full to those who must reach them."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from portal.accounts.models import User
from portal.accounts.scoping import require
from portal.privacy import actions as privacy


@require("personal.reveal")
@require_POST
def reveal(request, code):
    """One person's e-mail and telephone number, once, for this answer only."""
    person = get_object_or_404(User, username=code)
    try:
        shown = privacy.reveal(person=person, by=request.user)
    except privacy.NotForYou as refusal:
        raise Http404 from refusal
    response = render(request, "privacy/person.html", {"person": person, "shown": shown})
    response["Cache-Control"] = "private, no-store"
    return response
