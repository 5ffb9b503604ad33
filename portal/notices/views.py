"""A person's inbox."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.notices.tables import screen
from portal.shell.screens import picked, show


@login_required
def listing(request):
    """What I was told, newest first."""
    return show(request, screen, "notices/list.html")


@login_required
@require_POST
def read(request, code):
    """Mark a line as read and follow it."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), code=code)
    notices.mark_read(user=request.user, code=code, at=timezone.now())
    return redirect(notice.url)


@login_required
@require_POST
def read_all(request):
    """Mark every line as read."""
    notices.mark_read(user=request.user, at=timezone.now())
    return redirect("notices:list")


@login_required
@require_POST
def read_many(request):
    """Mark the ticked lines as read, or all that the list's conditions left."""
    rows = picked(request, screen)
    notices.mark_read(user=request.user, at=timezone.now(), among=rows.values("id"))
    return redirect("notices:list")
