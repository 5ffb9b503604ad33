"""Vouchers: a firm's share of a programme, and a way to pay."""
