"""Why an order is not taken."""

from portal.shell.exceptions import Refusal


class BadOrder(Refusal):
    """Something in the order cannot be done as written."""

    code = "bad_order"


class KeyReused(Refusal):
    """The same idempotency key came with another order."""

    code = "idempotency_key_reused"


class OverBudget(Refusal):
    """The project's monthly budget does not reach."""

    status = 409
    code = "over_budget"


class BillOverdue(Refusal):
    """The firm has not paid a bill for too long."""

    status = 409
    code = "bill_overdue"


class NotVerified(Refusal):
    """The firm has not yet proved who it is."""

    status = 403
    code = "not_verified"
