"""Who may do what: one table for pages, the API and the console."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.shell import networks, tenancy


class Role(models.TextChoices):
    ENTERPRISE_ADMIN = "enterprise_admin", _("企业管理员")
    ENTERPRISE_MEMBER = "enterprise_member", _("企业成员")
    ENTERPRISE_FINANCE = "enterprise_finance", _("企业财务")
    PROVIDER_ADMIN = "provider_admin", _("服务商管理员")
    VOUCHER_OFFICER = "voucher_officer", _("算力券经办")
    AUDITOR = "auditor", _("审计监管")
    PLATFORM_OPERATOR = "platform_operator", _("平台运营")
    PLATFORM_FINANCE = "platform_finance", _("平台财务")
    SYSTEM_ADMIN = "system_admin", _("系统管理员")
    SECURITY_ADMIN = "security_admin", _("安全管理员")
    AUDIT_ADMIN = "audit_admin", _("审计管理员")


ROLES = Role.choices

ENTERPRISE = {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_MEMBER, Role.ENTERPRISE_FINANCE}
PLATFORM = {Role.PLATFORM_OPERATOR, Role.PLATFORM_FINANCE}
GOVERNMENT = {Role.VOUCHER_OFFICER, Role.AUDITOR}
# Who runs the system, who says who may use it, and who watches both: three people, never one (GB/T 22239 8.1.5).
ADMINISTRATORS = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}
STAFF = PLATFORM | GOVERNMENT | ADMINISTRATORS
# Who holds a firm's people and its money.
STEWARDS = {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_FINANCE, Role.PROVIDER_ADMIN}

ACTIONS: dict[str, set[Role]] = {
    "projects.view": ENTERPRISE | {Role.AUDITOR},
    "projects.manage": {Role.ENTERPRISE_ADMIN},
    "members.view": set(Role),
    "members.manage": {Role.ENTERPRISE_ADMIN, Role.PROVIDER_ADMIN},
    "staff.manage": {Role.SECURITY_ADMIN},
    "verifications.apply": {Role.ENTERPRISE_ADMIN},
    "verifications.review": {Role.PLATFORM_OPERATOR},
    "verifications.view": {Role.ENTERPRISE_ADMIN, Role.PLATFORM_OPERATOR},
    "onboarding.manage": {Role.PLATFORM_OPERATOR},
    "incidents.manage": {Role.PLATFORM_OPERATOR},
    "orders.view": ENTERPRISE | PLATFORM | GOVERNMENT,
    "orders.place": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_MEMBER},
    "orders.cancel": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_MEMBER},
    # What a firm's job writes is the firm's own.
    "logs.view": ENTERPRISE,
    "deliveries.view": {Role.PROVIDER_ADMIN},
    # A firm's people see its matters, the platform's people those of their own office.
    "approvals.view": ENTERPRISE | PLATFORM,
    "approvals.decide": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_FINANCE},
    "wallet.view": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_MEMBER, Role.ENTERPRISE_FINANCE},
    "bills.view": ENTERPRISE | PLATFORM | GOVERNMENT,
    "receipts.view": PLATFORM | {Role.AUDITOR},
    "receipts.record": {Role.PLATFORM_FINANCE},
    "statements.view": PLATFORM | {Role.PROVIDER_ADMIN, Role.VOUCHER_OFFICER, Role.AUDITOR},
    "statements.close": {Role.PLATFORM_FINANCE},
    "wallet.top_up": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_FINANCE},
    "bills.pay": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_FINANCE},
    "budgets.manage": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_FINANCE},
    "invoices.view": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_FINANCE} | PLATFORM | {Role.AUDITOR},
    "invoices.request": {Role.ENTERPRISE_ADMIN, Role.ENTERPRISE_FINANCE},
    "invoices.issue": {Role.PLATFORM_FINANCE},
    "credit.view": {Role.PLATFORM_FINANCE, Role.AUDITOR},
    "credit.manage": {Role.PLATFORM_FINANCE},
    "payments.view": ENTERPRISE | {Role.PLATFORM_FINANCE, Role.AUDITOR},
    "refunds.manage": {Role.PLATFORM_FINANCE},
    "statements.answer": {Role.PROVIDER_ADMIN},
    "payouts.view": {Role.PLATFORM_FINANCE, Role.AUDITOR},
    "payouts.manage": {Role.PLATFORM_FINANCE},
    "prices.view": {Role.PROVIDER_ADMIN, Role.AUDITOR} | PLATFORM,
    "prices.edit": {Role.PROVIDER_ADMIN},
    "prices.review": {Role.PLATFORM_OPERATOR},
    "programmes.view": PLATFORM | GOVERNMENT,
    "vouchers.view": ENTERPRISE | GOVERNMENT,
    "vouchers.issue": {Role.VOUCHER_OFFICER},
    "clusters.view": PLATFORM | GOVERNMENT | {Role.PROVIDER_ADMIN},
    "cockpit.view": PLATFORM | GOVERNMENT,
    "audit.view": {Role.ENTERPRISE_ADMIN, Role.PROVIDER_ADMIN, Role.AUDITOR, Role.AUDIT_ADMIN},
    "applications.manage": {Role.ENTERPRISE_ADMIN, Role.PROVIDER_ADMIN, Role.SYSTEM_ADMIN},
    "city_systems.manage": {Role.SYSTEM_ADMIN},
    "backups.watch": {Role.SYSTEM_ADMIN},
    "webhooks.manage": {Role.ENTERPRISE_ADMIN, Role.PROVIDER_ADMIN},
    "people.manage": {Role.SECURITY_ADMIN},
    "factors.reset": ADMINISTRATORS,
    "alarms.view": {Role.SECURITY_ADMIN, Role.AUDIT_ADMIN},
    "versions.view": {Role.AUDITOR, Role.AUDIT_ADMIN},
    "audit.evidence": {Role.AUDITOR, Role.AUDIT_ADMIN},
    "personal.reveal": {
        Role.ENTERPRISE_ADMIN,
        Role.PROVIDER_ADMIN,
        Role.VOUCHER_OFFICER,
        Role.PLATFORM_OPERATOR,
        Role.SECURITY_ADMIN,
    },
    "books.view": {Role.PLATFORM_FINANCE, Role.AUDITOR},
}

CITYWIDE: set[Role] = STAFF


class _All:
    """Every organisation."""

    def __contains__(self, _organization_id):
        return True

    def __repr__(self):
        return "ALL"


ALL = _All()


def memberships(user) -> list:
    """A person's roles, asked of the database once for each request."""
    held = getattr(user, "_memberships", None)
    if held is not None:
        return held
    if not user.is_authenticated or user.pk is None:
        return []
    # The root of all rights: asked before anybody's reach is known.
    with tenancy.citywide():
        user._memberships = list(user.memberships.in_force(timezone.now()).select_related("organization"))
    return user._memberships


def confine(user, organization) -> list:
    """From here on this person has only the roles that they hold in this organisation."""
    user._memberships = [m for m in memberships(user) if m.organization_id == organization.id]
    return user._memberships


def reach_of(user) -> tenancy.Reach:
    """What PostgreSQL may show this person: their organisations' rows, or with a citywide role every row."""
    held = memberships(user)
    return tenancy.Reach(
        organizations=frozenset(m.organization_id for m in held),
        person=user.id,
        is_citywide=any(m.role in CITYWIDE for m in held),
    )


def is_officer(user) -> bool:
    """Does this person serve the city or its platform, so that stricter rules of signing in hold?"""
    return any(m.role in STAFF for m in memberships(user))


def needs_second_factor(user) -> bool:
    """Officers always do; others when one of their organisations asks it of their role."""
    return any(m.role in STAFF or m.organization.asks_second_factor_of(m.role) for m in memberships(user))


def may_come_from(user, address: str | None) -> bool:
    """Does the city let this person's roles work from there? Where it named no networks, from anywhere."""
    return all(networks.allows(settings.OFFICER_NETWORKS.get(m.role, []), address) for m in memberships(user))


def organization_ids(user, action: str):
    """The organisations in which this person may do this: a set of ids, or ALL for a citywide role."""
    roles = ACTIONS[action]
    held = [m for m in memberships(user) if m.role in roles]
    if any(m.role in CITYWIDE for m in held):
        return ALL
    return {m.organization_id for m in held}


def citywide_actions(user) -> list[str]:
    """What this person may do for the whole city."""
    offices = {m.role for m in memberships(user) if m.role in CITYWIDE}
    return [action for action, roles in ACTIONS.items() if not offices.isdisjoint(roles)]


def can(user, action: str, organization=None) -> bool:
    """May this person do this — anywhere, or in this organisation?"""
    ids = organization_ids(user, action)
    if ids is ALL:
        return True
    return bool(ids) if organization is None else organization.id in ids


def serves(user, action: str, organization) -> bool:
    """May this person do this in the name of this very organisation? A citywide role elsewhere does not count."""
    return any(m.organization_id == organization.id and m.role in ACTIONS[action] for m in memberships(user))


def roles_for(action: str) -> list[str]:
    """The names of the roles that may do this, for the page that says no."""
    return [str(role.label) for role in Role if role in ACTIONS[action]]
