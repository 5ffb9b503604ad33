"""Joining, switching hats, and the firm's projects."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.permissions import Role, can, memberships
from portal.accounts.scoping import acting_for, require
from portal.organizations import actions as organizations
from portal.organizations.forms import (
    BudgetForm,
    ChangeProjectForm,
    FoundForm,
    ProjectForm,
    SecondFactorForm,
)
from portal.organizations.middleware import SESSION_KEY
from portal.organizations.models import Project
from portal.shell.entries import address
from portal.shell.exceptions import Refusal


@login_required
def found(request):
    """A firm joins the platform."""
    try:
        organizations.keep_apart(request.user, Role.ENTERPRISE_ADMIN)
    except organizations.OfficersAccount as refusal:
        raise PermissionDenied(refusal.message) from refusal
    form = FoundForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            organization = organizations.found(**form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            request.session[SESSION_KEY] = organization.code
            messages.success(request, _("企业已加入平台，可以开始选购算力。"))
            return redirect("desk")
    return render(request, "organizations/found.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_POST
def switch(request):
    """Put on another hat."""
    code = request.POST.get("organization")
    if any(m.organization.code == code for m in memberships(request.user)):
        request.session[SESSION_KEY] = code
    return redirect("desk")


@login_required
def settings(request):
    """The firm, its people and its projects."""
    organization = request.organization
    members = organization.memberships.select_related("user") if organization else []
    projects = (
        Project.objects.visible_to(request.user).filter(organization_id=organization.id)
        if organization
        else []
    )
    return render(
        request,
        "organizations/settings.html",
        {
            "organization": organization,
            "members": members,
            "projects": projects,
            "may_manage": bool(organization) and can(request.user, "projects.manage", organization),
            "may_budget": bool(organization) and can(request.user, "budgets.manage", organization),
            "second_factor_form": SecondFactorForm(instance=organization)
            if organization and can(request.user, "members.manage", organization)
            else None,
        },
    )


@require("members.manage")
@require_POST
@reauthentication_required(app="allauth.account")
def second_factor(request):
    """Say which members must prove themselves twice."""
    organization = acting_for(request, "members.manage")
    form = SecondFactorForm(request.POST)
    if form.is_valid():
        organizations.ask_second_factor(
            organization_id=organization.id, of=form.cleaned_data["second_factor"], by=request.user
        )
        messages.success(request, _("第二因素要求已保存。"))
    else:
        messages.error(request, _("请在三项中选择一项后再保存。"))
    return redirect("organizations:settings")


@require("projects.manage")
def open_project(request):
    """Give the firm another purse."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            organizations.open_project(
                organization=request.organization, **form.cleaned_data, by=request.user
            )
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("项目已创建。"))
            return redirect("organizations:settings")
    return render(request, "organizations/project.html", {"form": form}, status=422 if form.errors else 200)


@require("projects.manage")
def change_project(request, code):
    """Change a purse's budget and threshold."""
    project = get_object_or_404(Project.objects.visible_to(request.user), code=code)
    if not can(request.user, "projects.manage", project.organization):
        return redirect("organizations:settings")
    form = ChangeProjectForm(request.POST or None, initial=vars(project))
    if request.method == "POST" and form.is_valid():
        organizations.change_project(project_id=project.id, **form.cleaned_data, by=request.user)
        messages.success(request, _("项目设置已保存。"))
        return redirect("organizations:settings")
    context = {"form": form, "project": project}
    return render(request, "organizations/project.html", context, status=422 if form.errors else 200)


@require("budgets.manage")
def budget(request, code):
    """What a purse may spend in a month, and what happens on the way there."""
    project = get_object_or_404(Project.objects.of(request.user), code=code)
    if not can(request.user, "budgets.manage", project.organization):
        return redirect("organizations:settings")
    form = BudgetForm(request.POST or None, initial=vars(project))
    if request.method == "POST" and form.is_valid():
        organizations.set_budget(project_id=project.id, **form.cleaned_data, by=request.user)
        messages.success(request, _("预算已保存。"))
        return redirect(address("budgets:list") or "organizations:settings")
    context = {"form": form, "project": project}
    return render(request, "organizations/project.html", context, status=422 if form.errors else 200)
