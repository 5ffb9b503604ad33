"""How much a firm might owe."""

from marketplace.funding.models import CreditLine
from portal.shell import tenancy
from portal.shell.history import versions_of


class CreditLineVersion(versions_of(CreditLine)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
