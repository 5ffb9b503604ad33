"""Confirmed statements leave as payments: proposed by one, approved by another, matched to the bank line by line."""
