"""Rows that remember what they were: PostgreSQL keeps every version by itself, whoever writes and however.

An action's audit event says what a person did; a history row says what became of the data, also when it was changed by
`update()`, in bulk or by hand in a console. Kept by triggers (django-pghistory), added to and never altered.
"""

import pghistory
import pghistory.models
from django.apps import apps

from portal.shell.models import AppendOnly


class Version(AppendOnly, pghistory.models.Event):
    """One state that a row was in, since when, and in the course of what."""

    class Meta:
        abstract = True
        ordering = ["pgh_id"]


def versions_of(model, *, fields=None, exclude=None):
    """The abstract table of a model's versions, to be made real beside it with a name and a `tenant`."""
    return pghistory.create_event_model(
        model,
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        fields=fields,
        exclude=exclude,
        base_model=Version,
        obj_field=pghistory.ObjForeignKey(related_name="+"),
        context_field=pghistory.ContextJSONField(),
        context_id_field=None,
        append_only=False,
        model_name=f"_VersionOf{model.__name__}",
    )


def versions_table(kind: str):
    """Where the versions of this kind of row are; None where none are kept."""
    tables = (model for model in apps.get_models() if issubclass(model, Version))
    return next((table for table in tables if table._meta.model_name == f"{kind}version"), None)
