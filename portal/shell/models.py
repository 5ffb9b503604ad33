"""What every table of the house may share."""

from django.db import models


class AppendOnly(models.Model):
    """History: rows are added and never changed. The database refuses UPDATE and DELETE (see guards)."""

    class Meta:
        abstract = True


class ReadOnly(models.Model):
    """A table that only the database's own triggers write."""

    class Meta:
        abstract = True
