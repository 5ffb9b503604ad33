"""What organisations, roles and projects were."""

from portal.organizations.models import Membership, Organization, Project
from portal.shell import tenancy
from portal.shell.history import versions_of


class OrganizationVersion(versions_of(Organization)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()


class MembershipVersion(versions_of(Membership)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()


class ProjectVersion(versions_of(Project)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
