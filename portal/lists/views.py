"""A list as a file, exactly as it was filtered; and the views people keep of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.scoping import require_action
from portal.lists import actions as lists
from portal.lists.files import FORMS, MOST_AT_ONCE, MOST_IN_BACKGROUND, file_of
from portal.lists.models import MOST_LETTERS, Export, SavedView
from portal.lists.tables import screen as exports_screen
from portal.shell import entries
from portal.shell.exceptions import Refusal
from portal.shell.responses import download
from portal.shell.screens import show


def _screen(request, code):
    """The list of this name, if this person may open it."""
    screen = entries.screens().get(code)
    if screen is None or not (screen.is_public or request.user.is_authenticated):
        raise Http404
    if screen.action:
        require_action(request.user, screen.action)
    return screen


@require_safe
def export(request, code, form):
    """The list as the address filters it: at once, or an offer to write it in the background."""
    screen = _screen(request, code)
    if form not in FORMS:
        raise Http404
    asked = screen.asked(request.user, request.GET)
    if asked.count <= MOST_AT_ONCE:
        # What is on show for everybody is nobody's to guard.
        if not screen.is_public:
            lists.note_taken(
                screen=code,
                query=request.GET.urlencode(),
                form=form,
                row_count=asked.count,
                by=request.user,
                organization=request.organization,
            )
        return download(*file_of(asked, form, at=timezone.now()))
    context = {
        "screen": screen,
        "asked": asked,
        "form": form,
        "query": request.GET.urlencode(),
        "most": MOST_AT_ONCE,
        "is_cut": asked.count > MOST_IN_BACKGROUND,
        "most_in_background": MOST_IN_BACKGROUND,
    }
    return render(request, "lists/long.html", context)


@login_required
@require_POST
def request_export(request, code):
    """Ask for the long list as a file."""
    screen, form, query = _screen(request, code), request.POST.get("form"), request.POST.get("query", "")
    if form not in FORMS or len(query) > MOST_LETTERS:
        raise Http404
    asked = screen.asked(request.user, QueryDict(query))
    try:
        lists.request_export(
            screen=code,
            query=query,
            form=form,
            row_count=min(asked.count, MOST_IN_BACKGROUND),
            language=get_language(),
            by=request.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("已开始导出。可以离开此页，完成后会通知您。"))
    return redirect("lists:exports")


@login_required
def exports(request):
    """The files I asked for."""
    return show(request, exports_screen)


@login_required
def fetch(request, code):
    """One of my files."""
    rows = Export.objects.visible_to(request.user).filter(status=Export.Status.READY)
    found = get_object_or_404(rows, code=code)
    return download(bytes(found.content), FORMS[found.form], found.filename)


def _back(request, screen=None):
    """The list the reader came from."""
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return redirect(back)
    return redirect("desk")


@login_required
@require_POST
def save_view(request, code):
    """Keep the present conditions under a name."""
    screen, query = _screen(request, code), request.POST.get("query", "")[:MOST_LETTERS]
    try:
        lists.save_view(
            screen=screen.code,
            name=request.POST.get("name", "").strip()[:40],
            query=query,
            is_default="is_default" in request.POST,
            by=request.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("视图已保存。"))
    return _back(request)


@login_required
@require_POST
def forget_view(request, code):
    """Throw a view away."""
    view = get_object_or_404(SavedView.objects.visible_to(request.user), code=code)
    lists.forget_view(code=view.code, by=request.user)
    messages.success(request, _("视图“%(name)s”已删除。") % {"name": view.name})
    return _back(request)
