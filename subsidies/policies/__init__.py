"""What the city promises, as data, and the calculator that applies it."""
