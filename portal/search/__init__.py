"""One box that finds pages, rows and help."""
