from subsidies.budgets.history import ProgrammeVersion
from subsidies.budgets.models import Programme
from subsidies.policies.models import Policy, PolicyVersion
from subsidies.vouchers.history import VoucherVersion
from subsidies.vouchers.models import Voucher

__all__ = ["ProgrammeVersion", "VoucherVersion", "Policy", "PolicyVersion", "Programme", "Voucher"]
