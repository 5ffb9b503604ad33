"""What a project may spend in a month, and what happens on the way there."""
