"""Signing in across the city's systems: theirs with our accounts, ours with the city's unified identity."""
