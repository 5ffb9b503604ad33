"""Where work was sent, and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from federation.capacity.models import Pool
from portal.shell import tenancy


class Decision(models.Model):
    """One answer of the engine, kept with everything it looked at, so that anybody can ask why."""

    tenant = tenancy.belongs_to("pool__cluster__provider__organization")

    code = models.CharField(max_length=32, unique=True)
    subject_code = models.CharField(max_length=32, unique=True)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="decisions")
    cards = models.PositiveIntegerField(_("卡数"))
    allocation = models.JSONField()
    candidates = models.JSONField()
    inputs = models.JSONField()
    engine_version = models.CharField(max_length=12)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return self.code
