from subsidies.budgets.models import Programme
from subsidies.policies.models import Policy, PolicyVersion
from subsidies.vouchers.models import Voucher

__all__ = ["Policy", "PolicyVersion", "Programme", "Voucher"]
