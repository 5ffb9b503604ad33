"""Where the money went, and where the month is going."""
