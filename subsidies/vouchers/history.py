"""What vouchers were."""

from portal.shell import tenancy
from portal.shell.history import versions_of
from subsidies.vouchers.models import Voucher


class VoucherVersion(versions_of(Voucher)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
