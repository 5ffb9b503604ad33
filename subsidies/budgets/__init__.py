"""The money behind a promise: programmes and their pools."""
