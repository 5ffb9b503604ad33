"""The record, for those who may read it."""

from django.shortcuts import render

from portal.accounts.scoping import require
from portal.audit.models import Event


@require("audit.view")
def listing(request):
    """Who did what, when, newest first; `?subject=` and `?event=` narrow it."""
    rows = Event.objects.visible_to(request.user).select_related("actor", "organization", "seal")
    subject, name = request.GET.get("subject", "").strip(), request.GET.get("event", "").strip()
    if subject:
        rows = rows.filter(subject_code=subject)
    if name:
        rows = rows.filter(name__startswith=name)
    before = request.GET.get("cursor", "")
    if before.isdigit():
        rows = rows.filter(id__lt=int(before))
    rows = list(rows[:51])
    context = {
        "events": rows[:50],
        "next_cursor": rows[49].id if len(rows) > 50 else "",
        "subject": subject,
        "event": name,
    }
    return render(request, "audit/list.html", context)
