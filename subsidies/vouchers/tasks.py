"""What expired goes back to the pool."""

from celery import shared_task
from django.utils import timezone

from subsidies.vouchers import actions as vouchers
from subsidies.vouchers.models import Voucher


@shared_task
def expire_vouchers():
    """Return what expired vouchers did not spend. Safe to run twice, safe to miss a beat."""
    now = timezone.now()
    for voucher_id in Voucher.objects.active().filter(expires_at__lte=now).values_list("id", flat=True)[:200]:
        vouchers.expire(voucher_id=voucher_id, at=now)
