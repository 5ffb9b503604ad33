"""A way in for whoever has lost every second factor: two administrators vouch for who it is."""
