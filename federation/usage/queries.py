"""What the meters say."""

from federation.usage.models import UsageRecord


def final_of(workload_code) -> UsageRecord | None:
    """The closing reading of one workload, once there is one."""
    return UsageRecord.objects.final().filter(workload_code=workload_code).first()


def since(last_id, limit=500):
    """Closing readings in the order they arrived, after the last one the caller has seen."""
    return (
        UsageRecord.objects.final()
        .filter(id__gt=last_id)
        .select_related("cluster__provider", "accelerator")[:limit]
    )
