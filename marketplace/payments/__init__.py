"""Money that arrives from outside."""
