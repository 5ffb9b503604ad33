"""The front door, and the desk of whoever signed in."""
