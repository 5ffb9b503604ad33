"""A person's inbox, the bell that counts it, and how else they wish to be told."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.notices import actions as notices
from portal.notices import queries
from portal.notices.forms import PreferencesForm
from portal.notices.models import Notice
from portal.notices.tables import screen
from portal.shell import sms
from portal.shell.entries import tallies
from portal.shell.screens import picked, show


@login_required
def listing(request):
    """What I was told, newest first."""
    return show(request, screen, "notices/list.html")


@login_required
def bell(request):
    """The bell of a page that is open: nothing when the page knows it all, else the new count and the newest line."""
    unread = request.user.notices.unread()
    now, seen = tallies({"bell": unread})["bell"], request.GET.get("seen", "")
    if now.seen == seen:
        return HttpResponse(status=204)
    known = seen.partition("/")[0]
    is_news = known.isdecimal() and now.newest > int(known)
    newest = unread.first() if is_news else None
    return render(request, "notices/bell.html", {"bell": now, "newest": newest})


@login_required
def preferences(request):
    """Which kinds of news come by which channel."""
    form = PreferencesForm(request.POST or None, chosen=queries.chosen_by(request.user))
    if request.method == "POST" and form.is_valid():
        notices.choose(user=request.user, wishes=form.wishes, by=request.user)
        messages.success(request, _("通知设置已保存。"))
        return redirect("notices:settings")
    context = {"form": form, "sms_is_simulated": sms.is_simulated()}
    return render(request, "notices/settings.html", context, status=422 if form.errors else 200)


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
