"""The record is closed every few seconds and vouched for every hour."""

from celery import shared_task
from django.utils.timezone import now

from portal.audit import actions as audit
from portal.audit import store
from portal.audit.models import Checkpoint


@shared_task
def seal_audit_events():
    """Chain what was written since the last beat."""
    while audit.seal():
        pass


@shared_task
def take_audit_checkpoint():
    """Sign how far the chains have come, and carry every checkpoint to the second store."""
    audit.take_checkpoint(at=now())
    export_checkpoints()


@shared_task
def export_checkpoints():
    """Carry what is not yet in the second store there. Safe to run twice, safe to miss a beat."""
    if store.folder() is None:
        return
    for checkpoint in Checkpoint.objects.exclude(number__in=store.numbers()):
        store.keep(checkpoint.number, checkpoint.as_json())
