"""Providers are paid, governments are shown: statements proved against the ledger."""
