"""Help by task, and whether everything runs."""
