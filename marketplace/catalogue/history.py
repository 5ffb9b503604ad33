"""What was sold at which price."""

from marketplace.catalogue.models import Plan, PlanPrice
from portal.shell import tenancy
from portal.shell.history import versions_of


class PlanVersion(versions_of(Plan)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()


class PlanPriceVersion(versions_of(PlanPrice)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
