"""Invoices go to the tax platform and come back by sweeps."""

import logging
import time

from celery import shared_task
from django.utils.timezone import now

from marketplace.invoices import actions as invoices
from marketplace.invoices import gateway, queries
from portal.organizations.models import Organization
from portal.shell.sweeps import each

log = logging.getLogger(__name__)
SECONDS_PER_SWEEP = 60


@shared_task
def attend_invoices():
    """Hand in what was asked for, ask about what is pending. Without an issuing service finance does it by hand."""
    end = time.monotonic() + SECONDS_PER_SWEEP
    while gateway.is_on() and time.monotonic() < end and (invoice := invoices.take(at=now())):
        try:
            seen = gateway.look_at(invoice)
        except gateway.NoAnswer:
            log.warning("no answer on %s", invoice.code)
            invoices.postpone(invoice_id=invoice.id, at=now())
        else:
            invoices.note(invoice_id=invoice.id, seen=seen, at=now())


@shared_task
def redden_invoices():
    """Ask for red invoices where more went back than invoices say. Safe to run twice, safe to miss a beat."""
    firms = Organization.objects.filter(id__in=queries.over_invoiced()).order_by("id")
    each(firms, lambda firm: invoices.redden(organization=firm, at=now()))
