"""Why an order is not taken."""

from portal.shell.exceptions import Refusal


class BadOrder(Refusal):
    """Something in the order cannot be done as written."""

    code = "bad_order"
