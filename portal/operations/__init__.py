"""Long work asked for by programs: where it stands, whichever room does it."""
