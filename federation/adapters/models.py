"""Where the simulated clusters keep their jobs."""

from django.db import models

from federation.clusters.models import Cluster
from portal.shell import tenancy


class SimulatedJob(models.Model):
    """A job on a simulated cluster: no user code runs, only its clock does. Its state follows from these times."""

    tenant = tenancy.belongs_to()

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="simulated_jobs")
    key = models.CharField(max_length=64)
    accelerator = models.CharField(max_length=24)
    cards = models.PositiveIntegerField()
    submitted_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    exit_code = models.SmallIntegerField(default=0)
    is_cut_off = models.BooleanField(default=False)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["cluster", "key"], name="one_simulated_job_per_key")]

    def __str__(self):
        return self.key
