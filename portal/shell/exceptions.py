"""The sad facts that a person or a program is told about."""


class Refusal(Exception):
    """We will not do this; `message` says why and what to do, in the reader's language. Nothing has moved."""

    status = 422
    code = "refused"
    # Seconds, where the same request may succeed later.
    retry_after: int | None = None

    def __init__(self, message, *, code: str | None = None, field: str | None = None):
        super().__init__(message)
        self.message = message
        self.field = field
        if code:
            self.code = code


class IllegalMove(Refusal):
    """The row is in a state from which this step does not exist."""

    status = 409
    code = "illegal_move"
