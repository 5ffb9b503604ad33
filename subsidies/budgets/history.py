"""What programmes were."""

from portal.shell import tenancy
from portal.shell.history import versions_of
from subsidies.budgets.models import Programme


class ProgrammeVersion(versions_of(Programme)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
