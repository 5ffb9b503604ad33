"""Which account a provider was paid to; its number is sealed to its own row, here its last four digits stand for it."""

from marketplace.payouts.models import PayoutAccount
from portal.shell import tenancy
from portal.shell.history import versions_of


class PayoutAccountVersion(versions_of(PayoutAccount, exclude=["number"])):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
