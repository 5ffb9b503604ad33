"""The lobby: Django finds the rooms here."""

from federation.adapters.models import SimulatedJob
from federation.capacity.models import Accelerator, Hold, Pool
from federation.clusters.models import Cluster
from federation.providers.models import Provider
from federation.usage.models import UsageRecord

__all__ = ["Accelerator", "Cluster", "Hold", "Pool", "Provider", "SimulatedJob", "UsageRecord"]
