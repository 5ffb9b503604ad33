"""Whose people somebody looks after, and which roles they may give."""

from django.db.models import Exists, OuterRef, Subquery

from portal.accounts.permissions import (
    ADMINISTRATORS,
    ENTERPRISE,
    GOVERNMENT,
    PLATFORM,
    Role,
    can,
)
from portal.members.models import Invitation
from portal.organizations.models import Membership, Organization
from portal.shell import tenancy

Kind = Organization.Kind
ROLES_OF = {
    Kind.ENTERPRISE: ENTERPRISE,
    Kind.PROVIDER: {Role.PROVIDER_ADMIN},
    Kind.GOVERNMENT: GOVERNMENT,
    Kind.PLATFORM: PLATFORM | ADMINISTRATORS,
}
# Without one of these, nobody in the organisation could let anybody in again.
KEEPERS = {
    Kind.ENTERPRISE: Role.ENTERPRISE_ADMIN,
    Kind.PROVIDER: Role.PROVIDER_ADMIN,
}


def may_manage(user, organization) -> bool:
    """A firm's own administrator looks after its people; the security administrator after all staff."""
    if organization.kind in Organization.STAFFED:
        return can(user, "staff.manage")
    return can(user, "members.manage", organization)


def may_begin(user, kind) -> bool:
    """May whoever brings an organisation of this kind in invite its first person, too?"""
    return kind not in Organization.STAFFED or can(user, "staff.manage")


def onboarded(at):
    """The providers and authorities, newest first, and how far each is with its first person."""
    pending = Invitation.objects.pending().filter(organization=OuterRef("pk"))
    of_theirs = Membership.objects.filter(organization=OuterRef("pk"))
    return (
        Organization.objects.filter(kind__in=(Kind.PROVIDER, Kind.GOVERNMENT))
        .annotate(
            has_people=Exists(of_theirs),
            has_offer=Exists(pending.open(at)),
            asked=Subquery(pending.values("email")[:1]),
        )
        .order_by("-id")
    )


def looked_after_by(user, organization):
    """The organisations whose people this person may see: their own, and all staffed ones for who manages staff."""
    found = [organization] if organization else []
    if can(user, "staff.manage"):
        found += [
            o
            for o in Organization.objects.filter(kind__in=Organization.STAFFED).order_by("code")
            if o not in found
        ]
    return found


def roles_of(organization) -> list[tuple[str, str]]:
    """The roles that make sense in an organisation of this kind."""
    return [(role.value, role.label) for role in Role if role in ROLES_OF[organization.kind]]


@tenancy.citywide()
def offered(code, at) -> Invitation | None:
    """What this code still offers; whoever holds it is not yet of the organisation."""
    return Invitation.objects.open(at).select_related("organization", "invited_by").filter(code=code).first()
