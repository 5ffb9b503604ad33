"""Where the operator tells the city what is out of order and what is planned."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.scoping import require
from portal.incidents import actions as incidents
from portal.incidents import tables
from portal.incidents.forms import IncidentForm, UpdateForm
from portal.incidents.models import Incident
from portal.shell.exceptions import Refusal
from portal.shell.screens import RecordScreen, show


@require("incidents.manage")
def listing(request):
    """Everything that was told, newest first."""
    return show(request, tables.screen, "incidents/list.html")


@require("incidents.manage")
def post(request):
    """Tell the city of a disturbance or of planned work."""
    form = IncidentForm(request.POST or None, initial={"starts_at": timezone.now()})
    if request.method == "POST" and form.is_valid():
        incident = incidents.post(**form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, _("已发布到服务状态页。"))
        return redirect(incident)
    return render(request, "incidents/form.html", {"form": form}, status=422 if form.errors else 200)


@require("incidents.manage")
def detail(request, code):
    """One of them: what was said, and what to say next."""
    incident = get_object_or_404(Incident, code=code)
    form = UpdateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            incidents.tell(incident_id=incident.id, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("进展已发布到服务状态页。"))
            return redirect(incident)
    context = {
        "record": RecordScreen(
            incident, incident.code, str(incident), tables.screen.title, reverse("incidents:list")
        ),
        "columns": tables.screen.columns[2:],
        "updates": [
            {"at": one.told_at, "title": str(one), "by": one.told_by}
            for one in incident.updates.select_related("told_by")
        ],
        "form": form,
    }
    return render(request, "incidents/detail.html", context, status=422 if form.errors else 200)
