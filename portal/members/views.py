"""An organisation's people: who may do what, until when; letting in, standing in, ending, reviewing."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.permissions import Role
from portal.accounts.scoping import require
from portal.members import actions as members
from portal.members import reviews, tables
from portal.members.forms import AgainForm, InviteForm, OnboardForm, RoleForm, StandInForm, WithdrawForm
from portal.members.models import AccessReview, Invitation
from portal.members.queries import ROLES_OF, looked_after_by, may_manage, offered, onboarded, roles_of
from portal.organizations.middleware import SESSION_KEY
from portal.organizations.models import Membership, Organization
from portal.shell.exceptions import Refusal


def _organization(request):
    """The organisation whose people are looked at: the one asked for, if it is ours to see, else the present hat."""
    mine = looked_after_by(request.user, request.organization)
    wanted = request.GET.get("organization")
    found = next((o for o in mine if wanted in (None, "", o.code)), None)
    if found is None:
        raise Http404
    return found, mine


@require("members.view")
def listing(request):
    """Who belongs here, in which role, until when."""
    organization, choices = _organization(request)
    now = timezone.now()
    may = may_manage(request.user, organization)
    context = {
        "organization": organization,
        "choices": choices,
        "columns": tables.MANAGED if may else tables.MEMBERS,
        "members": organization.memberships.select_related("user", "granted_by"),
        "invitation_columns": tables.INVITATIONS,
        "invitations": organization.invitations.open(now) if may else [],
        "reviews": organization.access_reviews.select_related("closed_by")[:4] if may else [],
        "may_manage": may,
    }
    return render(request, "members/list.html", context)


def _managed(request, code):
    membership = get_object_or_404(Membership.objects.select_related("organization", "user"), code=code)
    if not may_manage(request.user, membership.organization):
        raise Http404
    return membership


def _back(organization):
    return redirect(f"/members/?organization={organization.code}")


@login_required
def invite(request):
    """Offer somebody a role here."""
    organization, _choices = _organization(request)
    if not may_manage(request.user, organization):
        raise PermissionDenied(_("只有本单位管理员（政府与平台人员由安全管理员）可以邀请成员。"))
    wish = {name: request.GET.get(name) for name in ("email", "role")}
    form = InviteForm(request.POST or None, roles=roles_of(organization), initial=wish)
    if request.method == "POST" and form.is_valid():
        try:
            sent = members.invite(
                organization=organization, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("邀请已发往 %(email)s，7 天内有效。") % {"email": sent.email})
            return _back(organization)
    context = {"form": form, "organization": organization, "title": _("邀请成员")}
    return render(request, "members/form.html", context, status=422 if form.errors else 200)


@require("onboarding.manage")
def onboard(request):
    """Bring in a provider or an authority."""
    roles = [(r.value, r.label) for r in Role if r in ROLES_OF["provider"] | ROLES_OF["government"]]
    form = OnboardForm(request.POST or None, roles=roles)
    if request.method == "POST" and form.is_valid():
        try:
            organization, sent = members.onboard(**form.cleaned_data, by=request.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            if sent:
                words = _("%(organization)s 已建档，邀请已发往 %(email)s。")
            else:
                words = _("%(organization)s 已建档，已通知安全管理员核实并邀请 %(email)s。")
            facts = {"organization": organization.name, "email": form.cleaned_data["email"]}
            messages.success(request, words % facts)
            return redirect("members:onboard")
    context = {"form": form, "columns": tables.ONBOARDED, "organizations": onboarded(timezone.now())}
    return render(request, "members/onboard.html", context, status=422 if form.errors else 200)


@require("onboarding.manage")
@require_POST
def invite_first_again(request, code):
    """Offer a provider's first role anew; an authority's is the security administrator's to offer."""
    found = get_object_or_404(Organization, code=code, kind=Organization.Kind.PROVIDER)
    form = AgainForm(request.POST)
    try:
        if not form.is_valid():
            raise Refusal(_("请填写首位成员的电子邮箱，例如 name@example.com。"))
        sent = members.invite_first_again(
            organization_id=found.id, **form.cleaned_data, by=request.user, at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("邀请已发往 %(email)s，7 天内有效。") % {"email": sent.email})
    return redirect("members:onboard")


@login_required
@require_POST
def withdraw_invitation(request, code):
    """Take an offer back."""
    found = get_object_or_404(Invitation.objects.select_related("organization"), code=code)
    if not may_manage(request.user, found.organization):
        raise Http404
    members.withdraw_invitation(invitation_id=found.id, by=request.user, at=timezone.now())
    messages.success(request, _("邀请已撤回。"))
    return _back(found.organization)


@login_required
def member(request, code):
    """One person's role: change it, let them stand in, take it away."""
    membership = _managed(request, code)
    roles = roles_of(membership.organization)
    form = RoleForm(request.POST or None, roles=roles, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        try:
            members.change_role(
                membership_id=membership.id, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("角色已更改。"))
            return _back(membership.organization)
    return _member_page(request, membership, form=form)


def _member_page(request, membership, *, form=None, stand_in_form=None, withdraw_form=None):
    roles = roles_of(membership.organization)
    context = {
        "membership": membership,
        "form": form or RoleForm(roles=roles, initial={"role": membership.role}),
        "stand_in_form": stand_in_form or StandInForm(roles=roles),
        "withdraw_form": withdraw_form or WithdrawForm(),
        "may_stand_in": len(roles) > 1,
    }
    typed = (form, stand_in_form, withdraw_form)
    return render(
        request, "members/member.html", context, status=422 if any(f and f.errors for f in typed) else 200
    )


@login_required
@require_POST
def stand_in(request, code):
    """Let this person hold a second role for a while."""
    membership = _managed(request, code)
    form = StandInForm(request.POST, roles=roles_of(membership.organization))
    if form.is_valid():
        try:
            members.stand_in(
                membership_id=membership.id, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("限期授权已生效，到期自动收回。"))
            return _back(membership.organization)
    return _member_page(request, membership, stand_in_form=form)


@login_required
@require_POST
def withdraw(request, code):
    """Take this role away."""
    membership = _managed(request, code)
    form = WithdrawForm(request.POST)
    if form.is_valid():
        try:
            members.withdraw(
                membership_id=membership.id, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("角色已收回。"))
            return _back(membership.organization)
    return _member_page(request, membership, withdraw_form=form)


@login_required
def review(request, code):
    """Does everybody still need their role? Every line is answered, then the review is closed in one deed."""
    found = get_object_or_404(AccessReview.objects.select_related("organization", "closed_by"), code=code)
    if not may_manage(request.user, found.organization):
        raise Http404
    lines = list(found.lines.select_related("user"))
    problem = ""
    if request.method == "POST":
        verdicts = {line.membership_code: request.POST.get(line.membership_code, "") for line in lines}
        try:
            reviews.close_review(review_id=found.id, verdicts=verdicts, by=request.user, at=timezone.now())
        except Refusal as refusal:
            problem = refusal.message
            for line in lines:
                line.verdict = verdicts[line.membership_code]
        else:
            messages.success(request, _("权限复核已完成。"))
            return _back(found.organization)
    context = {
        "review": found,
        "columns": tables.REVIEWED,
        "lines": lines,
        "problem": problem,
    }
    return render(request, "members/review.html", context, status=422 if problem else 200)


def invitation(request, secret):
    """What somebody is offered; accepting it is one click. A newcomer signs up first, with the mailbox that the link proves."""
    code = Invitation.code_in(secret)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(request.path)
        try:
            membership = members.accept(code=code, by=request.user, at=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return redirect("members:invitation", secret)
        request.session[SESSION_KEY] = membership.organization.code
        messages.success(request, _("您已加入 %(name)s。") % {"name": membership.organization})
        return redirect("desk")
    found = offered(code, timezone.now())
    is_known = request.user.is_authenticated
    if found and not is_known:
        get_adapter().stash_verified_email(request, found.email)
    context = {"invitation": found, "is_mine": bool(found) and is_known and found.is_for(request.user)}
    return render(request, "members/invitation.html", context, status=200 if found else 404)
