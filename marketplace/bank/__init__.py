"""What the bank says arrived and left, and whether our books say the same."""
