"""The city's compute on one wall."""
