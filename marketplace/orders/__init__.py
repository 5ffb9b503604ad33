"""A promise to deliver what was quoted."""
