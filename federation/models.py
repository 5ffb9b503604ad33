"""The lobby: Django finds the rooms here."""
