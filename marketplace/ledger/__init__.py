"""Double entry: every fen that moves, and only forwards."""
