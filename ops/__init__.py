"""The operations centre: monitoring, alerts, runbooks, energy, evaluation. Its rooms appear as they are built."""
