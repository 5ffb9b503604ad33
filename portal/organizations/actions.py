"""How organisations, their people and their projects come to be."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.accounts.permissions import STAFF, Role, memberships
from portal.audit import actions as audit
from portal.organizations.models import Membership, Organization, Project
from portal.shell import tenancy
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal


class NameTaken(Refusal):
    """Another organisation or project already goes by this name."""

    status = 409
    code = "name_taken"


class OfficersAccount(Refusal):
    """Who serves the city keeps an account for nothing else."""

    status = 403
    code = "officers_account"


def keep_apart(user, role):
    """Nobody spends under one hat what they grant or watch under another."""
    held = {membership.role for membership in memberships(user)}
    if held and (role in STAFF) != bool(held & STAFF):
        raise OfficersAccount(_("政府与平台人员的账号只用于公务，不能同时属于企业或服务商；请换一个账号。"))


@tenancy.citywide()
def found(*, name, district, credit_code, by, at) -> Organization:
    """A firm joins with its first administrator and a first project."""
    keep_apart(by, Role.ENTERPRISE_ADMIN)
    try:
        with transaction.atomic():
            organization = Organization.objects.create(
                code=new_code("EN"),
                kind=Organization.Kind.ENTERPRISE,
                name=name,
                district=district,
                credit_code=credit_code,
            )
            Membership.objects.create(user=by, organization=organization, role=Role.ENTERPRISE_ADMIN)
            audit.record(organization, "organization.founded", by=by, organization=organization)
            open_project(
                organization=organization,
                name=_("默认项目"),
                approval_threshold=0,
                monthly_budget=0,
                by=by,
            )
    except IntegrityError as clash:
        raise NameTaken(
            _("该企业名称或统一社会信用代码已注册，请联系贵单位管理员邀请您加入。"), field="name"
        ) from clash
    by.__dict__.pop("_memberships", None)
    return organization


def ask_second_factor(*, organization_id, of, by) -> Organization:
    """From their next page on, these members prove themselves twice. Saying it twice changes nothing."""
    with transaction.atomic():
        organization = Organization.objects.select_for_update(of=("self",), no_key=True).get(
            id=organization_id
        )
        before = organization.second_factor
        if before != of:
            organization.second_factor = of
            organization.save(update_fields=["second_factor"])
            audit.record(
                organization,
                "organization.second_factor_asked",
                by=by,
                organization=organization,
                before={"second_factor": before},
                after={"second_factor": of},
            )
    return organization


def open_project(*, organization, name, approval_threshold, monthly_budget, by) -> Project:
    """Give an organisation another purse. Budget 0 means no limit; threshold 0 means no second person."""
    try:
        with transaction.atomic():
            project = Project.objects.create(
                code=new_code("PJ"),
                organization=organization,
                name=name,
                approval_threshold=approval_threshold,
                monthly_budget=monthly_budget,
            )
            audit.record(
                project, "project.opened", by=by, threshold=approval_threshold, budget=monthly_budget
            )
    except IntegrityError as clash:
        raise NameTaken(_("本单位已有同名项目，请换一个名称。"), field="name") from clash
    return project


def change_project(*, project_id, approval_threshold, monthly_budget, is_open, by) -> Project:
    """Change what a purse may spend and when a second person must agree."""
    after = {
        "approval_threshold": approval_threshold,
        "monthly_budget": monthly_budget,
        "is_open": is_open,
    }
    return _change(project_id, after, by)


def set_budget(
    *, project_id, monthly_budget, remind_percent, stop_new_percent, stop_all_percent, by
) -> Project:
    """Say what a purse may spend in a month, and at which percent of it people hear and orders stop; None: never."""
    after = {
        "monthly_budget": monthly_budget,
        "remind_percent": remind_percent,
        "stop_new_percent": stop_new_percent,
        "stop_all_percent": stop_all_percent,
    }
    return _change(project_id, after, by)


def _change(project_id, after, by) -> Project:
    with transaction.atomic():
        project = (
            Project.objects.select_for_update(of=("self",), no_key=True)
            .select_related("organization")
            .get(id=project_id)
        )
        before = {name: getattr(project, name) for name in after}
        vars(project).update(after)
        project.save(update_fields=list(after))
        audit.record(project, "project.changed", by=by, before=before, after=after)
    return project
