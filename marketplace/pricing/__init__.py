"""How an amount follows from a price, cards and seconds. Pure."""
