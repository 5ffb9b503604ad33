"""What must be right before the door may open."""

from django.conf import settings
from django.core.checks import Error, register

from portal.accounts.permissions import Role


@register
def named_roles_exist(**options):
    """A misspelt role would be kept to no network at all."""
    strange = sorted(set(settings.OFFICER_NETWORKS) - set(Role.values))
    if not strange:
        return []
    return [Error(f"OFFICER_NETWORKS names roles that do not exist: {', '.join(strange)}", id="portal.E101")]
