"""Looking at what happened for what looks like an attack, and telling the security administrator."""
