"""The lobby: Celery finds the sweeps here."""

from federation.sync.tasks import sync_clusters

__all__ = ["sync_clusters"]
