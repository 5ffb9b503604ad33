"""What the platform might deduct from a provider's statements."""

from marketplace.settlement.models import Terms
from portal.shell import tenancy
from portal.shell.history import versions_of


class TermsVersion(versions_of(Terms)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
