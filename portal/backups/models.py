"""Copies of the city's rows that were begun, and how each came out."""

from datetime import timedelta

from django.db import models

from portal.shell import tenancy


class BackupQuerySet(models.QuerySet):
    def good(self):
        return self.exclude(sm3="")


class Backup(models.Model):
    """One sealed copy of the database: begun, then whole or failed. A night has one."""

    tenant = tenancy.Public("the status page says how old the newest copy is; the row names no firm")

    # Longer than any copy takes: whoever has not said a word by then is dead.
    LEASE = timedelta(hours=3)
    PAUSE = timedelta(hours=1)

    code = models.CharField(max_length=32, unique=True)
    night = models.DateField(null=True, unique=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=60, blank=True)
    bytes = models.BigIntegerField(default=0)
    sm3 = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=500, blank=True)

    objects = BackupQuerySet.as_manager()

    class Meta:
        ordering = ["-begun_at"]

    def may_begin_again(self, at) -> bool:
        """A copy that failed is tried again after a pause; one that nobody finished, when its lease is over."""
        if self.sm3:
            return False
        return at >= (self.ended_at + self.PAUSE if self.ended_at else self.begun_at + self.LEASE)
