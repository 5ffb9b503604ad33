from subsidies.vouchers.tasks import expire_vouchers

__all__ = ["expire_vouchers"]
